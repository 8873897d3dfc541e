// What the router does with messages that are under way when it stops.

#include "world.hpp"

namespace mombridge::routing::test {
namespace {

using testing::IsEmpty;

const std::string kTwo =
    "brokers:\n"
    "  shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: q}]}\n"
    "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n"
    "handlers: {h: {plugin: h.so}}\n"
    "routes:\n"
    "  - {name: r, from: {broker: shop, target: a}, to: {broker: lake, target: o}}\n"
    "  - {name: h, from: {broker: shop, target: h}, to: {handler: h}}\n"
    "failures: {attempts: 3, backoff: 1h, dead_letter: {broker: lake, target: dead}}\n";

TEST(Stop, GivesBackWhatWaits) {
  World world(kTwo);
  world.broker("lake").answer({Outcome::refused("no")});
  world.broker("lake").always(Outcome::away("gone"));
  auto& refused = world.receive("shop", "a");
  auto& away = world.receive("shop", "a");
  EXPECT_EQ(world.router.in_flight(), 2u);
  world.router.stop();
  EXPECT_TRUE(settled(refused, Settlement::requeue));
  EXPECT_TRUE(settled(away, Settlement::requeue));
  EXPECT_EQ(world.router.in_flight(), 0u);
  world.router.stop();  // once more does nothing
  EXPECT_EQ(refused.settled(), 1);
}

TEST(Stop, GivesBackWhatWouldWait) {
  World world(kTwo);
  world.broker("lake").keep();
  auto& refused = world.receive("shop", "a");
  auto& away = world.receive("shop", "a");
  auto& delivered = world.receive("shop", "a");
  world.router.stop();
  EXPECT_EQ(world.router.in_flight(), 3u);
  world.broker("lake").complete(Outcome::refused("no"));
  world.broker("lake").complete(Outcome::away("stopped"));
  world.broker("lake").complete();
  EXPECT_TRUE(settled(refused, Settlement::requeue));
  EXPECT_TRUE(settled(away, Settlement::requeue));
  EXPECT_TRUE(settled(delivered, Settlement::accept));
}

// A delivery is used again: what its last message waited for is not what the next one waits for.
TEST(Stop, NothingIsLeftOfAMessageThatWasGivenBack) {
  World world(kTwo);
  world.broker("lake").always(Outcome::away("gone"));
  auto& delivery = world.receive("shop", "a");
  EXPECT_TRUE(delivery.attachment->away());
  world.router.stop();
  EXPECT_TRUE(settled(delivery, Settlement::requeue));
  world.broker("lake").always({});
  world.broker("lake").keep();
  world.router.ingress("shop").receive(DeliveryHandle(&delivery));
  EXPECT_FALSE(delivery.attachment->away());
  world.broker("lake").complete();
  EXPECT_EQ(delivery.settlement(), Settlement::accept);
}

// The handler gives its calls back as failed when it stops: that is not the message's fault.
TEST(Stop, DoesNotCountAsAnAttempt) {
  World world(
      "brokers:\n"
      "  shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: q}]}\n"
      "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n"
      "handlers: {h: {plugin: h.so}}\n"
      "routes: [{name: h, from: {broker: shop}, to: {handler: h}}]\n"
      "failures: {attempts: 1, dead_letter: {broker: lake, target: dead}}\n");
  world.handler("h").keeps = true;
  auto& delivery = world.receive("shop", "a");
  world.router.stop();
  world.handler("h").kept->finished(FakeHandler::retry("the bridge is stopping"));
  EXPECT_TRUE(settled(delivery, Settlement::requeue));
  EXPECT_THAT(world.broker("lake").sent(), IsEmpty());
}

TEST(Stop, OneAttemptGivenBackGivesTheWholeBack) {
  World world(
      "brokers:\n"
      "  shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: q}]}\n"
      "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n"
      "routes: [{name: r, from: {broker: shop}, to: [{broker: lake, target: a}, {broker: lake, target: b}, {broker: "
      "lake, target: c}]}]\n"
      "failures: {attempts: 1, on_exhausted: reject}\n");
  world.broker("lake").keep();
  auto& delivery = world.receive("shop", "a");
  world.broker("lake").complete(Outcome::refused("rejected"));
  world.router.stop();
  world.broker("lake").complete(Outcome::away("gone"));
  world.broker("lake").complete();
  EXPECT_TRUE(settled(delivery, Settlement::requeue));
}

// The loop may run on after the router and the deliveries: nothing of theirs may be touched then.
TEST(Stop, LeavesNothingOnTheLoop) {
  EventLoop loop("timers");
  auto loaded = load_text(
      "brokers:\n"
      "  shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: q}]}\n"
      "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n"
      "routes: [{name: r, from: {broker: shop}, to: {broker: lake, target: o}}]\n"
      "failures: {backoff: 5ms}\n",
      false);
  loop.start();
  {
    FakeBroker shop("shop"), lake("lake");
    lake.always(Outcome::refused("no"));
    FakeDelivery one("a"), two("a");
    Router router(loop);
    config::Diagnostics diagnostics;
    router.use(compile(loaded.config, diagnostics, {{"shop", &shop}, {"lake", &lake}}));
    router.ingress("shop").receive(DeliveryHandle(&one));
    router.stop();
    router.ingress("shop").receive(DeliveryHandle(&two));
    EXPECT_TRUE(settled(one, Settlement::requeue));
    EXPECT_TRUE(settled(two, Settlement::requeue));
  }
  std::this_thread::sleep_for(20ms);  // past the backoff
  std::atomic<bool> alive = false;
  loop.post([&] { alive = true; });
  EXPECT_TRUE(eventually([&] { return alive.load(); }));
}

const std::string kHolding =
    "brokers:\n"
    "  shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: q}]}\n"
    "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n"
    "routes: [{name: r, from: {broker: shop, target: '#'}, to: [{broker: lake, target: '{target}'}, {broker: shop, "
    "target: x}]}]\n"
    "failures: {attempts: 1, backoff: 1ms..2ms}\n";

TEST(Held, IsCountedForAsLongAsItOnlyWaitsForTheOperator) {
  World world(kHolding);
  world.broker("lake").always(Outcome::refused("no"));
  world.broker("shop").keep();
  auto& delivery = world.receive("shop", "a");
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(world.router.held(), 0u) << "its other attempt is under way";
  world.broker("shop").complete();
  EXPECT_TRUE(eventually([&] { return world.router.held() == 1; }));
  EXPECT_EQ(world.router.in_flight(), 1u);
  world.broker("lake").always({});
  world.router.stop();
  EXPECT_TRUE(settled(delivery, Settlement::requeue));
  EXPECT_EQ(world.router.held(), 0u);
}

TEST(Held, IsNotTriedWhileTheBridgeDrains) {
  World world(
      "brokers:\n"
      "  shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: q}]}\n"
      "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n"
      "routes: [{name: r, from: {broker: shop}, to: {broker: lake, target: o}}]\n"
      "failures: {attempts: 1, backoff: 1ms..2ms, dead_letter: {broker: lake, target: dead}}\n");
  world.broker("lake").always(Outcome::refused("no"));
  auto& delivery = world.receive("shop", "a");
  ASSERT_TRUE(eventually([&] { return world.broker("lake").sent_count() > 4; })) << "the dead letter is tried again";
  world.router.drain();
  std::this_thread::sleep_for(20ms);  // for a try that was due at that moment
  ASSERT_TRUE(eventually([&] { return world.router.held() == 1; }));
  auto tried = world.broker("lake").sent_count();
  std::this_thread::sleep_for(30ms);
  EXPECT_EQ(world.broker("lake").sent_count(), tried);
  EXPECT_EQ(world.router.held(), 1u);
  world.router.stop();
  EXPECT_TRUE(settled(delivery, Settlement::requeue));
  EXPECT_EQ(world.router.held(), 0u);
}

TEST(Held, WhatIsAwayIsNot) {
  World world(kHolding);
  world.broker("lake").always(Outcome::away("gone"));
  world.receive("shop", "a");
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(world.router.held(), 0u);
}

TEST(Held, ASourceIsToldInTurn) {
  World world(
      "brokers:\n"
      "  shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: q}]}\n"
      "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n"
      "routes: [{name: r, from: {broker: shop}, to: {broker: lake, target: o}}]\n"
      "failures: {attempts: 1, backoff: 1h}\n");
  world.broker("lake").always(Outcome::refused("no"));
  auto& told = world.receive("shop", "a");
  EXPECT_EQ(told.held(), 1);
  world.router.stop();
  EXPECT_TRUE(settled(told, Settlement::requeue));
  EXPECT_EQ(told.held(), 0);
}

}  // namespace
}  // namespace mombridge::routing::test
