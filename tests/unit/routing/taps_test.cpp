// What a tap shows of messages on real routes, and what it costs when nobody reads it.

#include "routing/taps.hpp"

#include "world.hpp"

namespace mombridge::routing::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kTwo =
    "brokers:\n"
    "  shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: q}]}\n"
    "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n"
    "failures: {attempts: 2, backoff: 1ms..2ms, dead_letter: {broker: shop, target: dead}}\n"
    "unrouted: discard\n"
    "routes:\n"
    "  - {name: orders, from: {broker: shop, target: 'order.#'}, to: {broker: lake, target: o}}\n"
    "  - {name: audit, from: {broker: shop, target: order.new}, to: {broker: lake, target: a}}\n";

/// Ends with the test.
class Watching {
 public:
  explicit Watching(TapFilter filter = {}) : tap_(*taps().open(std::move(filter))) {}
  ~Watching() { taps().close(tap_); }
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;

  std::vector<TapEntry> take() { return tap_->take(SIZE_MAX); }
  /// Each entry as its event and its route or routes, of the first message on.
  std::vector<std::string> words() {
    std::vector<std::string> all;
    for (auto& entry : take()) {
      if (!first_) first_ = entry.message;
      auto text = std::to_string(entry.message - first_ + 1) + " " + (entry.what.empty() ? "arrived" : entry.what);
      for (auto& field : entry.fields)
        if (field.name == "route" || field.name == "routes" || field.name == "to_target") text += " " + field.text;
      all.push_back(text);
    }
    return all;
  }
  Tap& operator*() { return *tap_; }
  Tap* operator->() { return tap_.get(); }

 private:
  std::shared_ptr<Tap> tap_;
  uint64_t first_ = 0;
};

std::string field(const TapEntry& entry, const std::string& name) {
  for (auto& one : entry.fields)
    if (one.name == name) return one.text;
  return "(none)";
}

TEST(TapOfRoutes, ShowsEachMessageAndWhatBecomesOfIt) {
  World world(kTwo);
  Watching tap;
  EXPECT_TRUE(settled(world.receive("shop", "order.new"), Settlement::accept));
  EXPECT_THAT(tap.words(),
              ElementsAre("1 arrived orders, audit", "1 delivered orders o", "1 delivered audit a", "1 settled"));
  EXPECT_TRUE(settled(world.receive("shop", "nobody"), Settlement::accept));
  EXPECT_THAT(tap.words(), ElementsAre("2 arrived (unrouted)", "2 unrouted message discarded (unrouted)", "2 settled"));
}

TEST(TapOfRoutes, ShowsFailuresWithTheirReason) {
  World world(kTwo);
  world.broker("lake").always(Outcome::refused("not like this", Outcome::Cause::around));
  Watching tap;
  EXPECT_TRUE(settled(world.receive("shop", "order.old"), Settlement::accept));
  auto entries = tap.take();
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_EQ(entries[1].what, "message failed, will be tried again");
  EXPECT_EQ(field(entries[1], "reason"), "not like this");
  EXPECT_EQ(field(entries[1], "attempt"), "1");
  EXPECT_EQ(entries[2].what, "message dead-lettered");
  EXPECT_EQ(field(entries[2], "dead_letter"), "shop/dead");
  EXPECT_EQ(entries[3].what, "settled");
}

TEST(TapOfRoutes, IsOfARouteABrokerOrAPattern) {
  World world(kTwo);
  Watching audit({.route = "audit"}), unrouted({.route = std::string(kUnrouted)}),
      pattern({.broker = "shop", .target = Pattern("*.old")});
  for (auto* target : {"order.new", "order.old", "nobody"})
    EXPECT_TRUE(settled(world.receive("shop", target), Settlement::accept));
  EXPECT_THAT(audit.words(), ElementsAre("1 arrived orders, audit", "1 delivered audit a", "1 settled"));
  EXPECT_THAT(unrouted.words(),
              ElementsAre(HasSubstr("arrived (unrouted)"), HasSubstr("discarded"), HasSubstr("settled")));
  EXPECT_THAT(pattern.words(), ElementsAre(HasSubstr("arrived orders"), HasSubstr("delivered"), HasSubstr("settled")));
  EXPECT_EQ(audit->take_left_out(), 0u) << "what is not wanted is not left out";
  {
    Watching elsewhere({.broker = "lake"});
    EXPECT_TRUE(settled(world.receive("shop", "order.new"), Settlement::accept));
    EXPECT_THAT(elsewhere.words(), IsEmpty());
  }
}

TEST(TapOfRoutes, BodiesAndHeadersOnlyWhereTheyAreAskedForAndCut) {
  World world(kTwo);
  Watching plain, whole({.headers = true, .body = true});
  auto one = std::make_unique<FakeDelivery>("order.old", std::string(100'000, 'x'));
  for (size_t i = 0; i < 2 * Tap::kMostHeaders; ++i) one->header("h", "a secret");
  one->message.message_id = "m-1";
  one->message.correlation_id = std::string_view("c\0d", 3);
  EXPECT_TRUE(settled(world.receive("shop", std::move(one)), Settlement::accept));
  auto shown = plain.take().front();
  EXPECT_FALSE(shown.body);
  EXPECT_THAT(shown.headers, IsEmpty());
  EXPECT_EQ(field(shown, "queue"), "q");
  EXPECT_EQ(field(shown, "message_id"), "m-1");
  EXPECT_EQ(field(shown, "correlation_id"), std::string("c\0d", 3));
  EXPECT_EQ(field(shown, "bytes"), "100000");
  shown = whole.take().front();
  EXPECT_EQ(shown.body, std::string(Tap::kLongestBody, 'x'));
  EXPECT_EQ(shown.headers.size(), Tap::kMostHeaders);
  EXPECT_EQ(shown.headers.front().text, "a secret");
  EXPECT_EQ(shown.headers_left_out, Tap::kMostHeaders);
}

TEST(TapOfRoutes, AFewAtATimeAndTheFlagFollows) {
  EXPECT_FALSE(Taps::active());
  {
    Watching a, b, c, d;
    EXPECT_TRUE(Taps::active());
    auto refused = taps().open({});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().text, HasSubstr("4 taps are open already"));
  }
  EXPECT_FALSE(Taps::active());
  Watching again;
  EXPECT_TRUE(Taps::active());
}

// The next tap gets the place of one that has ended, but not its messages.
TEST(TapOfRoutes, WhatATapHasShownIsNotTheNextOnes) {
  World world(kTwo);
  world.broker("lake").keep();
  Watching stays;
  auto ends = std::make_unique<Watching>();
  auto& on_its_way = world.receive("shop", "order.old");
  ends.reset();
  Watching next;
  world.broker("lake").complete();
  EXPECT_TRUE(settled(on_its_way, Settlement::accept));
  EXPECT_THAT(next.words(), IsEmpty());
  EXPECT_THAT(stays.words(), ElementsAre("1 arrived orders", "1 delivered orders o", "1 settled"));
}

TEST(TapOfRoutes, GoesOnOverAReload) {
  World world(kTwo);
  Watching tap({.route = "later"});
  EXPECT_TRUE(settled(world.receive("shop", "order.old"), Settlement::accept));
  EXPECT_THAT(tap.words(), IsEmpty());
  auto loaded = load_text(
      "brokers:\n"
      "  shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: q}]}\n"
      "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n"
      "routes: [{name: later, from: {broker: shop}, to: {broker: lake, target: l}}]\n",
      false);
  config::Diagnostics diagnostics;
  world.router.use(
      compile(loaded.config, diagnostics, {{"shop", &world.broker("shop")}, {"lake", &world.broker("lake")}}));
  EXPECT_TRUE(settled(world.receive("shop", "order.old"), Settlement::accept));
  EXPECT_THAT(tap.words(), ElementsAre("1 arrived later", "1 delivered later l", "1 settled"));
}

TEST(Tap, ShowsAHundredASecond) {
  auto loaded = load_text(kTwo, false);
  FakeDelivery delivery("x");
  std::vector<const Route*> routes;
  Arrival arrival{delivery, *loaded.config.broker("shop"), routes};
  Tap tap({});
  auto now = TimePoint{} + 1h;
  auto shown = [&](TimePoint at) {
    unsigned count = 0;
    for (int i = 0; i < 1000; ++i) count += tap.admit(arrival, at);
    return count;
  };
  EXPECT_EQ(shown(now), Tap::kPerSecond);
  EXPECT_EQ(shown(now + 999ms), 0u);
  EXPECT_EQ(shown(now + 1s), Tap::kPerSecond);
  EXPECT_EQ(tap.take_left_out(), 3000u - 2 * Tap::kPerSecond);
}

TEST(Tap, ForAReaderWhoReadsNothingABoundedAmountIsKept) {
  auto loaded = load_text(kTwo, false);
  FakeDelivery delivery("x", std::string(100'000, 'x'));
  std::vector<const Route*> routes;
  Arrival arrival{delivery, *loaded.config.broker("shop"), routes};
  Tap tap({.headers = true, .body = true});
  uint64_t admitted = 0, all = 0;
  for (auto now = TimePoint{} + 1h; now < TimePoint{} + 1h + 60s; now += 5ms, ++all) {
    if (!tap.admit(arrival, now)) continue;
    ++admitted;
    tap.push(arrival_entry(arrival, admitted, tap.filter()));
  }
  size_t bytes = 0;
  auto kept = tap.take(SIZE_MAX);
  for (auto& entry : kept) bytes += entry.bytes();
  EXPECT_GT(bytes, Tap::kMostBytes / 2);
  EXPECT_LE(bytes, Tap::kMostBytes);
  EXPECT_GE(admitted, 59 * Tap::kPerSecond);
  EXPECT_EQ(tap.take_left_out(), all - kept.size());
  EXPECT_EQ(tap.take_left_out(), 0u) << "told once";
  tap.push(arrival_entry(arrival, 1, tap.filter()));
  EXPECT_EQ(tap.take(1).size(), 1u) << "there is room again";
}

TEST(Watched, OfTwoWithOnePlaceTheLaterStays) {
  Watched watched;
  std::deque<FakeDelivery> all;
  for (uint64_t i = 1; i <= 10'000; ++i) {
    auto& one = all.emplace_back("x");
    EXPECT_FALSE(watched.has(one));
    watched.put(one, {i, 1});
    EXPECT_EQ(watched.find(one).message, i);
  }
  size_t kept = 0;
  for (uint64_t i = 1; i <= all.size(); ++i) {
    if (!watched.has(all[i - 1])) continue;
    ++kept;
    EXPECT_EQ(watched.find(all[i - 1]).message, i);
  }
  EXPECT_GT(kept, 1000u);
  EXPECT_LE(kept, 2048u);
  watched.forget(1);
  EXPECT_EQ(watched.find(all.back()).taps, 0);
  watched.clear();
  EXPECT_FALSE(watched.has(all.back()));
}

}  // namespace
}  // namespace mombridge::routing::test
