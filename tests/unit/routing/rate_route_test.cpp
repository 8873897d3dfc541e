// Routes with a `rate`: what waits, what goes on meanwhile, and what becomes of it when the bridge stops.

#include "world.hpp"

namespace mombridge::routing::test {
namespace {

using testing::Each;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kTwo =
    "brokers:\n"
    "  shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: q}]}\n"
    "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n"
    "handlers: {h: {plugin: h.so}}\n"
    "failures: {attempts: 2, backoff: 1ms..2ms, dead_letter: {broker: lake, target: dead}}\n"
    "routes:\n";

std::vector<std::string> targets(FakeBroker& broker) {
  std::vector<std::string> all;
  for (auto& sent : broker.sent()) all.push_back(sent.target);
  return all;
}

TEST(RateOfARoute, SlowsAndDropsNothing) {
  World world(kTwo +
              "  - {from: {broker: shop, target: '#'}, to: {broker: lake, target: 'o.{target}'}, rate: 200/s}\n");
  auto begin = Clock::now();
  std::vector<FakeDelivery*> all;
  std::vector<std::string> wanted;
  for (int i = 0; i < 60; ++i) {
    all.push_back(&world.receive("shop", std::to_string(i)));
    wanted.push_back("o." + std::to_string(i));
  }
  for (auto* one : all) EXPECT_TRUE(settled(*one, Settlement::accept));
  EXPECT_GE(Clock::now() - begin, 195ms) << "60 messages, of which 20 go at once";
  EXPECT_EQ(targets(world.broker("lake")), wanted);
  EXPECT_EQ(world.router.in_flight(), 0u);
}

TEST(RateOfARoute, SlowsNoOtherRoute) {
  World world(kTwo +
              "  - {from: {broker: shop, target: a}, to: {broker: lake, target: slow}, rate: 1/h}\n"
              "  - {from: {broker: shop}, to: {broker: lake, target: free}}\n");
  for (int i = 0; i < 3; ++i) world.receive("shop", "a");
  EXPECT_TRUE(settled(world.receive("shop", "b"), Settlement::accept));
  EXPECT_THAT(targets(world.broker("lake")), testing::ElementsAre("slow", "free", "free", "free", "free"));
  EXPECT_EQ(world.router.in_flight(), 2u);
}

TEST(RateOfARoute, AMessageTakesOneTokenForAllItsDestinations) {
  World world(
      kTwo +
      "  - {from: {broker: shop}, to: [{broker: lake, target: x}, {handler: h}, {broker: lake, target: y}], rate: "
      "1/h}\n");
  EXPECT_TRUE(settled(world.receive("shop", "a"), Settlement::accept));
  auto& second = world.receive("shop", "b");
  EXPECT_EQ(world.broker("lake").sent_count(), 2u);
  EXPECT_EQ(world.handler("h").calls, 1u);
  EXPECT_EQ(second.settled(), 0);
}

TEST(RateOfARoute, WaitingIsNoAttempt) {
  World world(kTwo + "  - {from: {broker: shop}, to: {handler: h}, rate: 100/s}\n");
  std::vector<FakeDelivery*> all;
  for (int i = 0; i < 20; ++i) all.push_back(&world.receive("shop", "a"));
  for (auto* one : all) EXPECT_TRUE(settled(*one, Settlement::accept));
  EXPECT_THAT(world.handler("h").attempts, testing::AllOf(SizeIs(20), Each(1u)));
  EXPECT_THAT(world.broker("lake").sent(), IsEmpty());
}

TEST(RateOfARoute, ARetryTakesNoToken) {
  World world(kTwo + "  - {from: {broker: shop}, to: {broker: lake, target: x}, rate: 1/h}\n");
  world.broker("lake").answer({Outcome::refused("no")});
  EXPECT_TRUE(settled(world.receive("shop", "a"), Settlement::accept));
  EXPECT_THAT(targets(world.broker("lake")), testing::ElementsAre("x", "x"));
}

TEST(RateOfARoute, ADrainGivesBackAtOnceWhatWasNotSentAtAll) {
  World world(
      kTwo +
      "  - {from: {broker: shop, target: a}, to: {broker: lake, target: slow}, rate: 1/h}\n"
      "  - {from: {broker: shop, target: b}, to: [{broker: lake, target: x}, {broker: lake, target: y}], rate: 1/h}\n"
      "  - {from: {broker: shop, target: b}, to: {broker: lake, target: free}}\n");
  EXPECT_TRUE(settled(world.receive("shop", "a"), Settlement::accept));
  EXPECT_TRUE(settled(world.receive("shop", "b"), Settlement::accept));
  auto& alone = world.receive("shop", "a");
  auto& fanned_out = world.receive("shop", "b");
  world.router.drain();
  EXPECT_TRUE(settled(alone, Settlement::requeue));
  EXPECT_EQ(fanned_out.settled(), 0) << "a part of it was delivered: given back, that would come twice";
  world.router.stop();
  EXPECT_TRUE(settled(fanned_out, Settlement::requeue));
  EXPECT_EQ(world.router.in_flight(), 0u);
}

TEST(RateOfARoute, ADrainFinishesAtTheRateWhatCannotBeGivenBack) {
  World world(kTwo +
              "  - {from: {broker: shop}, to: [{broker: lake, target: x}, {broker: lake, target: y}], rate: 100/s}\n");
  std::vector<FakeDelivery*> all;
  for (int i = 0; i < 15; ++i) all.push_back(&world.receive("shop", "a"));
  world.router.drain();
  for (auto* one : all) EXPECT_TRUE(settled(*one, Settlement::accept));
}

TEST(RateOfARoute, AReplyIsNotSlowed) {
  World world(kTwo + "  - {from: {broker: shop}, to: {handler: h}, rate: 1/h, reply_timeout: 1h}\n");
  world.handler("h").behave = [](auto&) { return FakeHandler::reply("answer"); };
  auto request = [&] {
    auto one = std::make_unique<FakeDelivery>("a");
    one->message.reply_to = "asker";
    return &world.receive("shop", std::move(one));
  };
  EXPECT_TRUE(settled(*request(), Settlement::accept));
  EXPECT_THAT(targets(world.broker("shop")), testing::ElementsAre("asker"));
  EXPECT_EQ(request()->settled(), 0) << "a request is";
  EXPECT_EQ(world.handler("h").calls, 1u);
}

TEST(RateOfARoute, ShowsWhetherItLimits) {
  auto loaded = load_text(kTwo +
                              "  - {name: r, from: {broker: shop}, to: {broker: lake, target: x}, rate: 30/m}\n"
                              "  - {name: s, from: {broker: lake, topic: t}, to: {broker: shop, target: x}}\n",
                          false);
  EventLoop loop("timers");
  loop.start();
  FakeBroker shop("shop"), lake("lake");
  FakeHandler handler;
  config::Diagnostics diagnostics;
  auto table = compile(loaded.config, diagnostics, {{"shop", &shop}, {"lake", &lake}}, {{"h", &handler}});
  {
    Router router(loop);
    router.use(table);
    EXPECT_TRUE(table->route(0).rate);
    EXPECT_FALSE(table->route(1).rate);
    EXPECT_FALSE(table->limits("shop"));
    FakeDelivery one("a"), two("b");
    router.ingress("shop").receive(DeliveryHandle(&one));
    EXPECT_FALSE(table->limits("shop"));
    router.ingress("shop").receive(DeliveryHandle(&two));
    EXPECT_TRUE(table->route(0).rate->limiting());
    EXPECT_TRUE(table->limits("shop"));
    EXPECT_FALSE(table->limits("lake"));
    router.stop();
    EXPECT_TRUE(settled(two, Settlement::requeue));
  }
  loop.stop();
}

}  // namespace
}  // namespace mombridge::routing::test
