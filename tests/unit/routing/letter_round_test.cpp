#include "routing/letter_round.hpp"

#include <atomic>
#include <deque>
#include <thread>

#include <gmock/gmock.h>

#include "doubles/fake_broker.hpp"

namespace mombridge::routing::test {
namespace {

using mombridge::test::FakeBroker;
using testing::ElementsAre;
using testing::IsEmpty;

/// Letters "0", "1", ... whose bodies are their ids.
class FakeBrowser final : public Browser {
 public:
  explicit FakeBrowser(size_t count) {
    for (size_t i = 0; i < count; ++i) left.push_back(std::to_string(i));
  }
  Result<> open() override { return {}; }
  Result<std::unique_ptr<StoredMessage>> next() override {
    if (left.empty()) return nullptr;
    auto stored = std::make_unique<StoredMessage>();
    stored->id = left.front();
    stored->message.body = bodies.emplace_back(left.front());
    if (left.front() == counted) stored->copy_to = "dead", stored->why = "delivered too often";
    left.pop_front();
    return stored;
  }
  Result<> remove(const StoredMessage& stored) override {
    removed.push_back(stored.id);
    return {};
  }
  [[nodiscard]] Result<> may_remove() const override { return removed.size() < most ? Result<>() : fail("no room"); }
  Result<> end() override {
    ended = true;
    return {};
  }

  std::deque<std::string> left, bodies;
  std::vector<std::string> removed;
  [[nodiscard]] bool must_read_on() const override { return left.size() > ends; }

  std::string counted;
  size_t ends = 1000;  ///< it must be read on until so many are left
  size_t most = 1000;
  bool ended = false;
};

class ALetterRound : public testing::Test, public LetterBrokers {
 protected:
  Result<Broker*> connect(const std::string& name) override {
    if (!reachable) return fail("away");
    asked.push_back(name);
    return &broker;
  }
  void stop() override {
    gave_up = true;
    while (broker.sent_count() > completed) broker.complete(Outcome::away("stopped")), ++completed;
  }

  Result<> run(FakeBrowser& browser, LetterRound::Limits limits = {}) {
    LetterRound round("place", {}, *this, limits, [this] { return stopped; });
    auto done = round.run(
        browser,
        [&](auto& stored, auto&) -> LetterRound::Decision {
          if (stored.id == stop_at) stopped = true;
          if (!wanted.empty() && stored.id != wanted) return {};
          return {.way = LetterWay{"shop", {.target = "orders", .options = {}, .headers = {{"h", "v"}}}, 2},
                  .last = stored.id == last};
        },
        [&](auto& stored, auto& way, auto& why) { told.push_back(stored.id + " " + way + " " + why); });
    moved = round.moved();
    EXPECT_TRUE(browser.ended);
    return done;
  }

  FakeBroker broker{"shop"};
  std::vector<std::string> asked, told;
  std::string wanted, stop_at, last;
  bool stopped = false, reachable = true, gave_up = false;
  size_t completed = 0, moved = 0;
};

TEST_F(ALetterRound, RemovesWhatIsConfirmed) {
  FakeBrowser browser(3);
  ASSERT_TRUE(run(browser));
  EXPECT_THAT(browser.removed, ElementsAre("0", "1", "2"));
  EXPECT_THAT(told, ElementsAre("0 shop/orders ", "1 shop/orders ", "2 shop/orders "));
  auto sent = broker.sent();
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(sent[1].body, "1");
  EXPECT_EQ(sent[1].target, "orders");
  EXPECT_EQ(sent[1].headers["h"], "v");
  EXPECT_EQ(sent[1].partition, 2);
}

TEST_F(ALetterRound, WhatIsRefusedStays) {
  FakeBrowser browser(3);
  broker.answer({Outcome{}, Outcome::refused("no such queue"), Outcome::away("full")});
  ASSERT_TRUE(run(browser));
  EXPECT_THAT(browser.removed, ElementsAre("0"));
  EXPECT_THAT(told, ElementsAre("0 shop/orders ", "1 shop/orders no such queue", "2 shop/orders full"));
}

TEST_F(ALetterRound, WhatNobodyWantsStays) {
  FakeBrowser browser(3);
  wanted = "1";
  ASSERT_TRUE(run(browser));
  EXPECT_THAT(browser.removed, ElementsAre("1"));
  EXPECT_EQ(broker.sent_count(), 1u);
}

TEST_F(ALetterRound, NothingIsRemovedBeforeItsConfirm) {
  FakeBrowser browser(2);
  broker.keep();
  std::thread confirms([&] {
    EXPECT_TRUE(mombridge::test::eventually([&] { return broker.sent_count() == 2; }));
    EXPECT_THAT(browser.removed, IsEmpty());
    broker.complete();
    broker.complete();
  });
  EXPECT_TRUE(run(browser, {.most = 2}));
  confirms.join();
  EXPECT_THAT(browser.removed, ElementsAre("0", "1"));
}

TEST_F(ALetterRound, WhatIsNotConfirmedInTimeIsGivenUpAndStays) {
  FakeBrowser browser(2);
  broker.keep();
  EXPECT_TRUE(run(browser, {.most = 2, .patience = 20ms}));
  EXPECT_TRUE(gave_up);
  EXPECT_THAT(browser.removed, IsEmpty());
  EXPECT_THAT(told, ElementsAre("0 shop/orders stopped", "1 shop/orders stopped"));
}

TEST_F(ALetterRound, NoMoreThanTheWindowAreOnTheirWay) {
  FakeBrowser browser(5);
  broker.keep();
  auto done = run(browser, {.most = 2, .patience = 20ms});
  ASSERT_FALSE(done);
  EXPECT_EQ(broker.sent_count(), 2u);
  EXPECT_THAT(browser.removed, IsEmpty());
}

TEST_F(ALetterRound, ASignalEndsItInOrder) {
  FakeBrowser browser(5);
  stop_at = "2";
  ASSERT_TRUE(run(browser));
  EXPECT_THAT(browser.removed, ElementsAre("0", "1"));
  EXPECT_EQ(browser.left.size(), 2u);
}

TEST_F(ALetterRound, ReadsOnWhereOrderDependsOnIt) {
  FakeBrowser browser(5);
  browser.ends = 2;
  last = "0";
  ASSERT_TRUE(run(browser));
  EXPECT_THAT(browser.removed, ElementsAre("0"));
  EXPECT_EQ(browser.left.size(), 2u);
}

TEST_F(ALetterRound, EndsWhereNoMoreCanBeNoted) {
  FakeBrowser browser(5);
  browser.most = 2;
  auto done = run(browser);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().text, "no room");
  EXPECT_THAT(browser.removed, ElementsAre("0", "1"));
}

TEST_F(ALetterRound, ABrokerThatIsAwayEndsIt) {
  FakeBrowser browser(2);
  reachable = false;
  auto done = run(browser);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().text, "away");
  EXPECT_THAT(browser.removed, IsEmpty());
}

TEST_F(ALetterRound, WhatItsQueueMayDropIsPutAtItsEnd) {
  FakeBrowser browser(3);
  browser.counted = "1";
  wanted = "none";
  ASSERT_TRUE(run(browser));
  EXPECT_THAT(browser.removed, ElementsAre("1"));
  EXPECT_EQ(moved, 1u);
  EXPECT_THAT(asked, ElementsAre("place"));
  ASSERT_EQ(broker.sent_count(), 1u);
  EXPECT_EQ(broker.sent()[0].target, "dead");
  EXPECT_THAT(told, IsEmpty());
}

TEST_F(ALetterRound, AlsoWhenItCouldNotBeSent) {
  FakeBrowser browser(2);
  browser.counted = "0";
  wanted = "0";
  broker.answer({Outcome::refused("no such queue")});
  ASSERT_TRUE(run(browser));
  EXPECT_THAT(browser.removed, ElementsAre("0"));
  EXPECT_EQ(moved, 1u);
  EXPECT_EQ(broker.sent()[1].target, "dead");
}

TEST_F(ALetterRound, ACopyThatIsRefusedEndsIt) {
  FakeBrowser browser(2);
  browser.counted = "0";
  wanted = "none";
  broker.always(Outcome::refused("the queue is full"));
  auto done = run(browser);
  ASSERT_FALSE(done);
  EXPECT_THAT(browser.removed, IsEmpty());
}

TEST_F(ALetterRound, NoFasterThanItsRate) {
  FakeBrowser browser(5);
  auto begin = Clock::now();
  ASSERT_TRUE(run(browser, {.rate = 50}));
  EXPECT_GE(Clock::now() - begin, 30ms);  // the first may use what was not used before
  EXPECT_EQ(browser.removed.size(), 5u);
}

}  // namespace
}  // namespace mombridge::routing::test
