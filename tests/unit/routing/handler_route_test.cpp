// Routes to handlers: verdicts.

#include "handler/handler_counts.hpp"
#include "world.hpp"

namespace mombridge::routing::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kHandler =
    "brokers:\n"
    "  shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: q}]}\n"
    "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n"
    "handlers: {h: {plugin: h.so}}\n"
    "routes: [{name: r, from: {broker: shop}, to: {handler: h}}]\n"
    "failures: {attempts: 3, backoff: 1ms..2ms, dead_letter: {broker: lake, target: dead}}\n";

TEST(HandlerRoute, OkSettles) {
  World world(kHandler);
  std::string seen;
  world.handler("h").behave = [&](const handler::Call& call) {
    seen = std::string(call.broker) + "/" + std::string(call.message->target) + "/" + std::string(call.message->body);
    return FakeHandler::ok();
  };
  EXPECT_TRUE(settled(world.receive("shop", "a"), Settlement::accept));
  EXPECT_EQ(seen, "shop/a/body");
}

TEST(HandlerRoute, SettlesOnlyWhenFinished) {
  World world(kHandler);
  world.handler("h").keeps = true;
  auto& delivery = world.receive("shop", "a");
  EXPECT_EQ(delivery.settled(), 0);
  world.handler("h").kept->finished(FakeHandler::ok());
  EXPECT_TRUE(settled(delivery, Settlement::accept));
}

TEST(HandlerRoute, RetryCountsAttemptsThenDeadLetters) {
  World world(kHandler);
  world.handler("h").behave = [](auto&) { return FakeHandler::retry("later"); };
  EXPECT_TRUE(settled(world.receive("shop", "a"), Settlement::accept));
  EXPECT_THAT(world.handler("h").attempts, ElementsAre(1, 2, 3));
  auto sent = world.broker("lake").sent();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].headers["mombridge-dead-reason"], "later");
  EXPECT_EQ(sent[0].headers["mombridge-dead-attempts"], "3");
}

TEST(HandlerRoute, RejectGoesToTheDeadLetterAtOnce) {
  World world(kHandler);
  world.handler("h").behave = [](auto&) { return FakeHandler::reject("bad body"); };
  auto d = std::make_unique<FakeDelivery>("a");
  d->message.correlation_id = "c";
  EXPECT_TRUE(settled(world.receive("shop", std::move(d)), Settlement::accept));
  EXPECT_EQ(world.handler("h").calls, 1u);
  auto sent = world.broker("lake").sent();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].body, "body");
  EXPECT_EQ(sent[0].correlation_id, "c");
  EXPECT_EQ(sent[0].headers["mombridge-dead-reason"], "bad body");
  EXPECT_EQ(sent[0].headers["mombridge-dead-attempts"], "1");
}

TEST(HandlerRoute, ADeadLetterThatIsAwayDoesNotCallTheHandlerAgain) {
  World world(kHandler);
  world.handler("h").behave = [](auto&) { return FakeHandler::reject("bad body"); };
  world.broker("lake").answer({2, Outcome::away("gone")});
  EXPECT_TRUE(settled(world.receive("shop", "a"), Settlement::accept));
  EXPECT_EQ(world.handler("h").calls, 1u);
}

TEST(HandlerRoute, CallsAreCountedUntilTheyEnd) {
  auto& counts = handler::handler_counts().at({"counted"});
  World world(
      "brokers: {shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: q}]}}\n"
      "handlers: {counted: {plugin: h.so}}\n"
      "failures: {attempts: 1, backoff: 1h, on_exhausted: reject}\n"
      "routes: [{name: r, from: {broker: shop}, to: {handler: counted}}]\n");
  auto& handler = world.handler("counted");
  handler.keeps = true;
  auto& open = world.receive("shop", "a");
  EXPECT_EQ(counts.calls.value(), 1u);
  EXPECT_EQ(counts.in_flight(), 1u);
  handler.kept->finished(FakeHandler::ok());
  EXPECT_TRUE(settled(open, Settlement::accept));
  EXPECT_EQ(counts.in_flight(), 0u);
  handler.keeps = false;
  for (auto& verdict : {+[] { return FakeHandler::reject("never"); }, +[] { return FakeHandler::retry("not now"); }}) {
    handler.behave = [verdict](auto&) { return verdict(); };
    EXPECT_TRUE(settled(world.receive("shop", "a"), Settlement::reject));
  }
  EXPECT_EQ(counts.calls.value(), 3u);
  EXPECT_EQ(counts.rejects.value(), 1u);
  EXPECT_EQ(counts.retries.value(), 1u);
  EXPECT_EQ(counts.in_flight(), 0u);
}

}  // namespace
}  // namespace mombridge::routing::test
