// From a delivery to its settlement, while nothing fails.

#include <thread>

#include "world.hpp"

namespace mombridge::routing::test {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

const std::string kThree =
    "brokers:\n"
    "  shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: q}]}\n"
    "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n"
    "  pond: {type: kafka, bootstrap_servers: localhost:9093}\n";

const std::string kFanOut =
    kThree +
    "routes:\n"
    "  - {name: two, from: {broker: shop, target: a}, to: [{broker: lake, target: x}, {broker: pond}]}\n"
    "  - {name: more, from: {broker: shop, target: '#'}, to: {broker: lake, target: all}}\n";

TEST(FanOut, SettlesOnceDelivered) {
  World world(kFanOut);
  auto before = count("routed", "more");
  auto& delivery = world.receive("shop", "b");
  EXPECT_TRUE(settled(delivery, Settlement::accept));
  ASSERT_THAT(world.broker("lake").sent(), SizeIs(1));
  EXPECT_EQ(world.broker("lake").sent()[0].target, "all");
  EXPECT_EQ(world.broker("lake").sent()[0].body, "body");
  EXPECT_THAT(world.broker("pond").sent(), IsEmpty());
  EXPECT_EQ(world.router.in_flight(), 0u);
  EXPECT_EQ(count("routed", "more"), before + 1);
}

TEST(FanOut, SettlesWhenTheLastAttemptHasEnded) {
  World world(kFanOut);
  world.broker("lake").keep();
  world.broker("pond").keep();
  auto& delivery = world.receive("shop", "a");
  EXPECT_EQ(world.broker("lake").sent_count(), 2u);  // in the order of the file
  EXPECT_EQ(world.broker("lake").sent()[0].target, "x");
  EXPECT_EQ(world.broker("lake").sent()[1].target, "all");
  EXPECT_EQ(world.broker("pond").sent()[0].target, "a");
  EXPECT_EQ(world.router.in_flight(), 1u);
  world.broker("lake").complete();
  world.broker("pond").complete();
  EXPECT_EQ(delivery.settled(), 0);
  world.broker("lake").complete();
  EXPECT_TRUE(settled(delivery, Settlement::accept));
  EXPECT_EQ(world.router.in_flight(), 0u);
}

TEST(FanOut, IsUsedAgainWithItsDelivery) {
  World world(kFanOut);
  auto delivery = std::make_unique<FakeDelivery>("a");
  auto* d = delivery.get();
  world.receive("shop", std::move(delivery));
  auto* attachment = d->attachment.get();
  ASSERT_NE(attachment, nullptr);
  world.router.ingress("shop").receive(DeliveryHandle(d));
  EXPECT_EQ(d->attachment.get(), attachment);
  EXPECT_EQ(d->settled(), 2);
  EXPECT_EQ(world.broker("pond").sent_count(), 2u);
}

TEST(FanOut, DiscardsAndCountsWhatNoRouteTakes) {
  World world(kThree + "routes: [{name: r, from: {broker: shop, target: a}, to: {broker: lake}}]\n");
  auto before = count("unrouted_discarded");
  EXPECT_TRUE(settled(world.receive("shop", "b"), Settlement::accept));
  EXPECT_THAT(world.broker("lake").sent(), IsEmpty());
  EXPECT_EQ(count("unrouted_discarded"), before + 1);
}

TEST(FanOut, DeadLettersWhatNoRouteTakes) {
  World world(kThree +
              "routes: [{name: r, from: {broker: shop, target: a}, to: {broker: lake}}]\n"
              "failures: {dead_letter: {broker: pond, target: dead}}\n");
  EXPECT_TRUE(settled(world.receive("shop", "b"), Settlement::accept));
  EXPECT_THAT(world.broker("lake").sent(), IsEmpty());
  ASSERT_THAT(world.broker("pond").sent(), SizeIs(1));
  auto dead = world.broker("pond").sent()[0];
  EXPECT_EQ(dead.target, "dead");
  EXPECT_EQ(dead.headers["mombridge-dead-reason"], "no route takes it");
  EXPECT_EQ(dead.headers["mombridge-dead-attempts"], "0");
  EXPECT_FALSE(dead.headers.contains("mombridge-dead-route"));
}

TEST(FanOut, UsesTheTableOfItsTime) {
  World world(kFanOut);
  world.broker("lake").keep();
  auto& old = world.receive("shop", "b");
  auto other = load_text(kThree, false);
  config::Diagnostics diagnostics;
  world.router.use(compile(other.config, diagnostics));
  EXPECT_TRUE(settled(world.receive("shop", "b"), Settlement::accept));  // no routes: discarded
  EXPECT_EQ(world.broker("lake").sent_count(), 1u);
  world.broker("lake").complete();
  EXPECT_TRUE(settled(old, Settlement::accept));
}

// The last attempt to end settles, whichever thread it is on, and only that one.
TEST(FanOut, SettlesExactlyOnceUnderConcurrentCompletions) {
  World world(kThree + "routes: [{name: r, from: {broker: shop}, to: [{broker: lake}, {broker: pond}]}]\n");
  auto& lake = world.broker("lake");
  auto& pond = world.broker("pond");
  lake.keep();
  pond.keep();
  constexpr int kMessages = 2000;
  std::vector<FakeDelivery*> deliveries;
  for (int i = 0; i < kMessages; ++i) deliveries.push_back(&world.receive("shop", "t"));
  auto complete = [](FakeBroker& broker) {
    for (int i = 0; i < kMessages; ++i) broker.complete();
  };
  std::thread other([&] { complete(pond); });
  complete(lake);
  other.join();
  for (auto* d : deliveries) ASSERT_TRUE(settled(*d, Settlement::accept));
  EXPECT_EQ(world.router.in_flight(), 0u);
}

// As in life: a source's thread goes on while another thread completes, fails and retries.
TEST(FanOut, SettlesExactlyOnceWhileRetriesRunOnTheMainLoop) {
  World world(kThree +
              "routes: [{name: r, from: {broker: shop}, to: [{broker: lake}, {broker: pond}]}]\n"
              "failures: {attempts: 4, backoff: 1ms..2ms}\n");
  auto& lake = world.broker("lake");
  auto& pond = world.broker("pond");
  pond.keep();
  constexpr int kMessages = 500;
  std::deque<Outcome> outcomes;
  for (int i = 0; i < kMessages; ++i) outcomes.push_back(i % 2 ? Outcome::refused("no") : Outcome::away("gone"));
  lake.answer(std::move(outcomes));
  std::vector<FakeDelivery*> deliveries;
  std::thread other([&] {
    for (size_t i = 0; i < kMessages; ++i) {
      eventually([&] { return pond.sent_count() > i; });
      pond.complete();
    }
  });
  for (int i = 0; i < kMessages; ++i) deliveries.push_back(&world.receive("shop", "t"));
  other.join();
  for (auto* d : deliveries) ASSERT_TRUE(settled(*d, Settlement::accept));
  EXPECT_TRUE(eventually([&] { return world.router.in_flight() == 0; }));
}

}  // namespace
}  // namespace mombridge::routing::test
