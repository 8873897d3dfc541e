// What becomes of one message at one destination: with a clock that the test moves and without a broker. The
// destination is of a kind that exists only here.

#include "routing/attempt.hpp"

#include <deque>
#include <set>

#include "compiling.hpp"
#include "fake_queue.hpp"
#include "world.hpp"

namespace mombridge::routing::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A destination that does as the test says, and remembers.
class Scripted final : public Destination {
 public:
  std::optional<Refusal> prepare(Outgoing& out) const override {
    if (!refuses.empty()) return Refusal{"scripted", refuses};
    static_cast<Publication&>(out).target = "scripted";
    return std::nullopt;
  }
  void send(Outgoing& out) const noexcept override {
    bodies.emplace_back(out.content->body);
    if (keeps) return void(kept = &out);
    auto outcome = outcomes.empty() ? Outcome{} : std::move(outcomes.front());
    if (!outcomes.empty()) outcomes.pop_front();
    out.completed(std::move(outcome));
  }
  [[nodiscard]] bool away() const noexcept override { return unreachable; }
  [[nodiscard]] std::string text() const override { return "scripted"; }
  [[nodiscard]] std::string explain(const Message&, std::string_view) const override { return "scripted"; }

  std::string refuses;
  bool keeps = false, unreachable = false;
  mutable std::deque<Outcome> outcomes;
  mutable std::vector<std::string> bodies;
  mutable Outgoing* kept = nullptr;
};

class AttemptTest : public testing::Test, private Attempt::Owner {
 protected:
  AttemptTest() {
    auto loaded = load_text(
        "brokers: {shop: {type: memory}, lake: {type: memory}}\n"
        "routes: [{name: r, from: {broker: shop, target: a}, to: {broker: lake, target: o}}, {from: {broker: lake}, "
        "to: "
        "{broker: shop}}]\n",
        false);
    EXPECT_THAT(loaded.said, IsEmpty());
    config::Diagnostics diagnostics;
    table_ = compile(loaded.config, diagnostics, {{"shop", &shop}, {"lake", &lake}});
    route_.config = table_->routes()[0]->config;
    policy_ = std::make_shared<FailurePolicy>(config::Failures{
        .attempts = 3, .backoff_first = 100ms, .backoff_longest = 10s, .reject_when_exhausted = false});
    route_.failures = policy_;
  }

  void start() {
    attempt.deliver({&delivery, table_->origin("shop"), table_.get()}, route_, destination, Part::plain);
    attempt.start();
  }

  FakeBroker shop{"shop"}, lake{"lake"};
  FakeDelivery delivery{"a", "the body"};
  FakeQueue queue;
  Scripted destination;
  std::shared_ptr<FailurePolicy> policy_;
  Attempt attempt{static_cast<Attempt::Owner&>(*this), queue};
  std::vector<Settlement> done;
  std::vector<bool> held;

 private:
  void attempt_done(Settlement settlement) noexcept override { done.push_back(settlement); }
  void attempt_held(bool yes) noexcept override { held.push_back(yes); }
  void put_back_refused() noexcept override {}
  [[nodiscard]] bool alone() const noexcept override { return true; }
  [[nodiscard]] std::shared_ptr<const RouteTable> newer_table() noexcept override { return nullptr; }
  void attempt_moved() noexcept override {}

  std::shared_ptr<const RouteTable> table_;
  Route route_;
};

TEST_F(AttemptTest, IsDoneWhenItsDestinationHasIt) {
  destination.keeps = true;
  start();
  EXPECT_THAT(done, IsEmpty());
  destination.kept->completed({});
  EXPECT_THAT(done, ElementsAre(Settlement::accept));
  EXPECT_THAT(destination.bodies, ElementsAre("the body"));
  EXPECT_TRUE(queue.empty());
}

TEST_F(AttemptTest, ARefusalIsTriedAgainAfterABackoffThatGrows) {
  policy_->attempts = 5;
  destination.outcomes.assign(4, Outcome::refused("no"));
  start();
  for (auto step : {100ms, 200ms, 400ms, 800ms}) {
    ASSERT_THAT(done, IsEmpty());
    EXPECT_GE(queue.waits.back(), step / 2);
    EXPECT_LE(queue.waits.back(), step);
    queue.advance();
  }
  EXPECT_THAT(done, ElementsAre(Settlement::accept));
  EXPECT_EQ(destination.bodies.size(), 5u);
}

TEST_F(AttemptTest, DoesNothingBeforeItsTime) {
  destination.outcomes.assign(1, Outcome::refused("no"));
  start();
  queue.advance(queue.waits.back() - 1ns);
  EXPECT_EQ(destination.bodies.size(), 1u);
  queue.advance(1ns);
  EXPECT_EQ(destination.bodies.size(), 2u);
}

TEST_F(AttemptTest, ADestinationThatIsAwayIsAskedForAsLongAsItTakes) {
  destination.outcomes.assign(100, Outcome::away("gone"));
  start();
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(attempt.away());
    EXPECT_LE(queue.waits.back(), 2s);
    queue.advance();
  }
  EXPECT_FALSE(attempt.away());
  EXPECT_THAT(done, ElementsAre(Settlement::accept));
  EXPECT_EQ(attempt.failure.attempts, 0u);
}

TEST_F(AttemptTest, IsAwayWhileADestinationThatHasItCannotBeReached) {
  destination.keeps = destination.unreachable = true;
  start();
  EXPECT_TRUE(attempt.away());
  destination.unreachable = false;
  EXPECT_FALSE(attempt.away());
  destination.kept->completed({});
  destination.unreachable = true;
  EXPECT_FALSE(attempt.away()) << "it has the message no longer";
}

TEST_F(AttemptTest, WithoutADeadLetterItIsHeldAndTriedAgain) {
  destination.outcomes.assign(4, Outcome::refused("no"));
  start();
  queue.advance();
  queue.advance();
  EXPECT_THAT(held, ElementsAre(true));
  EXPECT_GE(queue.waits.back(), 5s) << "the longest backoff";
  queue.advance();
  EXPECT_THAT(held, ElementsAre(true, false, true));
  queue.advance();
  EXPECT_THAT(held, ElementsAre(true, false, true, false));
  EXPECT_THAT(done, ElementsAre(Settlement::accept));
}

TEST_F(AttemptTest, WhatIsHeldIsNotTriedWhileTheBridgeDrains) {
  destination.outcomes.assign(1, Outcome::refused("no", Outcome::Cause::message));
  start();
  queue.drain();
  queue.advance();
  EXPECT_EQ(destination.bodies.size(), 1u);
  queue.stop();
  EXPECT_THAT(done, ElementsAre(Settlement::requeue));
  EXPECT_THAT(held, ElementsAre(true, false));
}

TEST_F(AttemptTest, ARefusalByPrepareIsFinal) {
  destination.refuses = "lacks a header";
  policy_->reject_when_exhausted = true;
  start();
  EXPECT_THAT(done, ElementsAre(Settlement::reject));
  EXPECT_THAT(destination.bodies, IsEmpty());
  EXPECT_EQ(attempt.failure.reason, "lacks a header");
  EXPECT_EQ(attempt.failure.attempts, 1u);
}

TEST_F(AttemptTest, TheDeadLetterIsADestinationLikeOthers) {
  auto dead = std::make_shared<Scripted>();
  policy_->dead_letter = dead;
  dead->outcomes = {Outcome::away("gone"), Outcome::refused("too large", Outcome::Cause::size),
                    Outcome::refused("no such queue")};
  destination.outcomes.assign(1, Outcome::refused("no", Outcome::Cause::message));
  start();
  EXPECT_EQ(dead->bodies.size(), 1u);
  queue.advance();
  EXPECT_EQ(dead->bodies.size(), 3u) << "with less at once";
  EXPECT_THAT(held, ElementsAre(true));
  EXPECT_EQ(attempt.failure.reason, "no") << "the cause, not what became of the dead letter";
  queue.advance();
  EXPECT_THAT(done, ElementsAre(Settlement::accept));
  EXPECT_EQ(destination.bodies.size(), 1u);
}

TEST_F(AttemptTest, WhatStopsGivesBack) {
  destination.outcomes.assign(1, Outcome::away("gone"));
  start();
  queue.stop();
  EXPECT_THAT(done, ElementsAre(Settlement::requeue));
}

TEST_F(AttemptTest, AFailureWhileTheBridgeStopsIsNone) {
  destination.keeps = true;
  policy_->reject_when_exhausted = true;
  policy_->attempts = 1;
  start();
  queue.stop();
  destination.kept->completed(Outcome::refused("no"));
  EXPECT_THAT(done, ElementsAre(Settlement::requeue));
}

TEST_F(AttemptTest, AVerdictIsAnEndToo) {
  for (auto& [verdict, end] : std::initializer_list<std::pair<handler::Verdict::Kind, Settlement>>{
           {handler::Verdict::Kind::ok, Settlement::accept}, {handler::Verdict::Kind::reject, Settlement::reject}}) {
    done.clear();
    policy_->reject_when_exhausted = true;
    destination.keeps = true;
    start();
    destination.kept->finished({verdict, "because", nullptr});
    EXPECT_THAT(done, ElementsAre(end));
  }
}

TEST_F(AttemptTest, NothingIsLeftOfTheMessageBefore) {
  destination.outcomes.assign(2, Outcome::refused("no"));
  start();
  queue.advance();
  queue.advance();
  ASSERT_THAT(done, ElementsAre(Settlement::accept));
  ASSERT_EQ(attempt.failure.attempts, 2u);
  done.clear();
  start();
  EXPECT_THAT(done, ElementsAre(Settlement::accept));
  EXPECT_EQ(attempt.failure.attempts, 0u);
}

// A kind of destination is a key and a function: this one writes messages down.
struct Noted final : Destination {
  static inline std::vector<std::string> lines;
  explicit Noted(const config::Destination& config) : prefix(config.target.value) {}
  std::optional<Refusal> prepare(Outgoing&) const override { return std::nullopt; }
  void send(Outgoing& out) const noexcept override {
    lines.push_back(prefix + ": " + std::string(out.content->body));
    out.completed({});
  }
  [[nodiscard]] std::string text() const override { return "notes"; }
  [[nodiscard]] std::string explain(const Message&, std::string_view) const override { return "written down"; }
  std::string prefix;
};

TEST(DestinationKind, IsAKeyAndAFunction) {
  auto loaded = load_text(
      "brokers: {shop: {type: memory}}\n"
      "routes: [{name: r, from: {broker: shop, target: a}, to: {broker: shop, target: note}}, {from: {broker: shop, "
      "target: note}, to: {broker: shop, target: a}}]\n",
      false);
  config::Diagnostics diagnostics;
  FakeBroker shop("shop");
  DestinationKinds kinds{{.key = "broker", .compile = [](const config::Destination& config, const Compiling&) {
                            return std::unique_ptr<const Destination>(new Noted(config));
                          }}};
  auto table = RouteTable::compile(std::make_shared<const config::Config>(loaded.config), kinds, {{"shop", &shop}}, {},
                                   diagnostics);
  EventLoop loop("timers");
  Router router(loop);
  router.use(table);
  FakeDelivery delivery("a", "hello");
  router.ingress("shop").receive(DeliveryHandle(&delivery));
  EXPECT_EQ(delivery.settlement(), Settlement::accept);
  EXPECT_THAT(Noted::lines, ElementsAre("note: hello"));
}

}  // namespace
}  // namespace mombridge::routing::test
