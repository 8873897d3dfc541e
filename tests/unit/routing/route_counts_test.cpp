// What is counted by labels on the ways of messages.

#include "routing/route_counts.hpp"

#include "world.hpp"

namespace mombridge::routing::test {
namespace {

/// Names of its own for each test, as the cells are those of the process.
std::string yaml(const std::string& name, const std::string& more = "") {
  return "brokers:\n"
         "  " +
         name +
         ": {type: amqp, url: amqp://localhost, exchange: out, subscribe: [{queue: q}, {queue: other}]}\n"
         "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n"
         "  pond: {type: kafka, bootstrap_servers: localhost:9093}\n"
         "handlers: {h: {plugin: h.so}}\n"
         "failures: {attempts: 2, backoff: 1ms..2ms" +
         more +
         "}\n"
         "routes:\n"
         "  - {name: " +
         name + ", from: {broker: " + name + ", target: a}, to: [{broker: lake, target: o}, {handler: h}]}\n";
}
const std::string kToPond = ", dead_letter: {broker: pond, target: dead}";

uint64_t delivered(const std::string& route, const std::string& to) {
  return delivered_messages().at({route, to}).value();
}

TEST(RouteCounts, EachDestinationCountsWhatItTook) {
  World world(yaml("c1"));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(settled(world.receive("c1", "a"), Settlement::accept));
  EXPECT_EQ(delivered("c1", "lake/o"), 3u);
  EXPECT_EQ(delivered("c1", "handler h"), 3u);
  auto& counts = route_counts().at({"c1"});
  EXPECT_EQ(counts.begun.value(), 6u);
  EXPECT_EQ(counts.in_flight(), 0u);
  EXPECT_EQ(counts.retries.value(), 0u);
}

TEST(RouteCounts, AHandlersReplyIsADelivery) {
  World world(yaml("c2"));
  world.handler("h").behave = [](auto&) { return FakeHandler::reply("answer"); };
  auto delivery = std::make_unique<FakeDelivery>("a");
  delivery->message.reply_to = "requester";
  EXPECT_TRUE(settled(world.receive("c2", std::move(delivery)), Settlement::accept));
  EXPECT_EQ(delivered("c2", "handler h"), 1u);
  EXPECT_EQ(route_counts().at({"c2"}).requests.value(), 1u);
}

TEST(RouteCounts, SubscriptionsCountWhatTheyGot) {
  World world(yaml("c3"));
  world.receive("c3", std::make_unique<FakeDelivery>("a", "12345"));
  auto second = std::make_unique<FakeDelivery>("a", "123");
  second->subscription = 1;
  world.receive("c3", std::move(second));
  auto& first = received_messages().at({"c3", "q"});
  EXPECT_EQ(first.messages.value(), 1u);
  EXPECT_EQ(first.bytes.value(), 5u);
  EXPECT_EQ(received_messages().at({"c3", "other"}).bytes.value(), 3u);
}

TEST(RouteCounts, InFlightBySubscriptionAndRoute) {
  World world(yaml("c4"));
  world.broker("lake").keep();
  auto& delivery = world.receive("c4", "a");
  EXPECT_EQ(route_counts().at({"c4"}).in_flight(), 1u) << "the handler is done with it";
  auto in_flight = world.router.in_flight_by_subscription();
  ASSERT_EQ(in_flight.size(), 1u);
  EXPECT_EQ(in_flight[0].broker + "/" + in_flight[0].subscription, "c4/q");
  EXPECT_EQ(in_flight[0].messages, 1u);
  world.broker("lake").complete();
  EXPECT_TRUE(settled(delivery, Settlement::accept));
  EXPECT_EQ(route_counts().at({"c4"}).in_flight(), 0u);
  EXPECT_EQ(world.router.in_flight_by_subscription()[0].messages, 0u);
}

TEST(RouteCounts, FailuresSayWhy) {
  World world(yaml("c5", kToPond));
  auto& lake = world.broker("lake");
  lake.keep();
  world.handler("h").behave = [](auto&) { return FakeHandler::reject("not this one"); };
  auto& delivery = world.receive("c5", "a");
  lake.complete(Outcome::refused("one"));
  ASSERT_TRUE(mombridge::test::eventually([&] { return lake.sent_count() == 2; }));
  lake.complete(Outcome::refused("two"));  // after the handler's, so that it is the last one
  EXPECT_TRUE(settled(delivery, Settlement::accept));
  auto& counts = route_counts().at({"c5"});
  EXPECT_EQ(counts.retries.value(), 1u);
  auto dead = [&](std::string_view reason) {
    return counts
        .dead_letters[static_cast<size_t>(std::ranges::find(counts.kReasons, reason) - counts.kReasons.begin())]
        .value();
  };
  EXPECT_EQ(dead("undeliverable"), 1u);
  EXPECT_EQ(dead("rejected"), 1u);
  EXPECT_EQ(dead("other"), 0u);
  EXPECT_EQ(delivered("c5", "lake/o"), 0u) << "a dead letter is no delivery";
  EXPECT_EQ(counts.failure.read().reason, "two");
  EXPECT_GT(counts.failure.read().unix_ms, 0);
}

TEST(RouteCounts, WhatIsHeldIsCountedWhileItIs) {
  World world(yaml("c6"));
  world.broker("lake").always(Outcome::refused("returned"));
  auto& delivery = world.receive("c6", "a");
  auto& held = route_counts().at({"c6"}).held;
  EXPECT_TRUE(mombridge::test::eventually([&] { return held.value() == 1; }));
  world.broker("lake").always(std::nullopt);
  EXPECT_TRUE(settled(delivery, Settlement::accept));
  EXPECT_EQ(held.value(), 0);
}

TEST(RouteCounts, UnroutedByBroker) {
  World world(yaml("c7", kToPond));
  EXPECT_TRUE(settled(world.receive("c7", "nobody.takes.it"), Settlement::accept));
  EXPECT_EQ(unrouted_messages().at({"c7"}).value(), 1u);
}

TEST(RouteCounts, TimesOnlyWhereTheyAreWanted) {
  World world(yaml("c8"));
  auto& seconds = route_counts().at({"c8"}).seconds;
  EXPECT_TRUE(settled(world.receive("c8", "a"), Settlement::accept));
  EXPECT_EQ(seconds.read().count(), 0u);
  Histogram::want(true);
  EXPECT_TRUE(settled(world.receive("c8", "a"), Settlement::accept));
  EXPECT_EQ(seconds.read().count(), 1u) << "a message with two destinations counts once";
  world.broker("lake").keep();
  auto& late = world.receive("c8", "a");
  std::this_thread::sleep_for(20ms);
  world.broker("lake").complete();
  EXPECT_TRUE(settled(late, Settlement::accept));
  EXPECT_GE(seconds.read().sum, 20ms);
  Histogram::want(false);
}

// A reload swaps the table, and the route of the same name goes on in its cell.
TEST(RouteCounts, TheNextTableCountsOn) {
  {
    World world(yaml("c9"));
    world.receive("c9", "a");
  }
  World world(yaml("c9"));
  world.receive("c9", "a");
  EXPECT_EQ(delivered("c9", "lake/o"), 2u);
  EXPECT_EQ(received_messages().at({"c9", "q"}).messages.value(), 2u);
}

}  // namespace
}  // namespace mombridge::routing::test
