// What a new configuration changes, part by part.

#include "topology/difference.hpp"

#include "loading_parts.hpp"

namespace mombridge::topology {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const std::string kShop = "  shop: {type: amqp, url: 'amqp://localhost'SHOP}\n";
const std::string kLake = "  lake: {type: kafka, bootstrap_servers: 'localhost:9092', group_id: gLAKE}\n";
const std::string kRoute = "  - {name: NAME, from: {broker: shop, queue: QUEUE}, to: {broker: lake, target: t}}\n";

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (size_t at; (at = text.find(what)) != std::string::npos;) text.replace(at, what.size(), by);
  return text;
}

std::string brokers(const std::string& shop = "", const std::string& lake = "") {
  return "brokers:\n" + replaced(kShop, "SHOP", shop) + replaced(kLake, "LAKE", lake);
}
std::string route(const std::string& name, const std::string& queue) {
  return replaced(replaced(kRoute, "NAME", name), "QUEUE", queue);
}
std::string routes(const std::string& text) { return "routes:\n" + text; }

Difference difference(const std::string& former, const std::string& present) {
  return compare(config::test::load_parts(former).written, config::test::load_parts(present).written);
}

TEST(Difference, NothingHasChanged) {
  auto text = brokers() + routes(route("a", "q"));
  auto same = difference(text, "# moved down by a comment\n\n" + text);
  EXPECT_TRUE(same.none());
  for (auto change : {Change::added, Change::changed, Change::removed}) EXPECT_THAT(same.named(change), IsEmpty());
  EXPECT_EQ(same.brokers.at("shop"), Change::same);
}

TEST(Difference, RoutesAreAddedChangedAndRemoved) {
  auto found = difference(
      brokers() + routes(route("a", "q") + route("b", "q") + route("c", "q")),
      brokers() + routes(route("b", "q") + replaced(route("c", "q"), "target: t", "target: u") + route("d", "q")));
  EXPECT_FALSE(found.none());
  EXPECT_THAT(found.named(Change::added), ElementsAre("route d"));
  EXPECT_THAT(found.named(Change::changed), ElementsAre("route c"));
  EXPECT_THAT(found.named(Change::removed), ElementsAre("route a"));
  EXPECT_EQ(found.brokers.at("shop"), Change::same) << "the queue is still subscribed to, once";
}

TEST(Difference, ARouteThatSubscribesChangesJustTheSubscriptions) {
  auto found = difference(brokers() + routes(route("a", "q")), brokers() + routes(route("a", "q") + route("b", "r")));
  EXPECT_EQ(found.brokers.at("shop"), Change::resubscribed);
  EXPECT_EQ(found.brokers.at("lake"), Change::same);
  EXPECT_THAT(found.named(Change::changed), ElementsAre("subscriptions of broker shop"));
}

TEST(Difference, TheOrderOfSubscriptionsCountsBecauseTheyHaveNumbers) {
  auto found = difference(brokers() + routes(route("a", "q") + route("b", "r")),
                          brokers() + routes(route("b", "r") + route("a", "q")));
  EXPECT_EQ(found.brokers.at("shop"), Change::resubscribed);
}

TEST(Difference, WhatIsSubscribedToInAnotherWayIsAnotherSubscription) {
  auto subscribe = [](const std::string& queue, const std::string& topic) {
    return "brokers:\n" + replaced(kShop, "SHOP", ", subscribe: [" + queue + "]") +
           "  lake: {type: kafka, bootstrap_servers: 'localhost:9092', group_id: g, subscribe: [" + topic + "]}\n" +
           routes(
               "  - {name: a, from: {broker: shop}, to: {broker: lake, target: t}}\n"
               "  - {name: b, from: {broker: lake}, to: {broker: shop, target: u}}\n");
  };
  auto base = subscribe("{queue: q}", "{topic: s}");
  EXPECT_TRUE(difference(base, base).none());
  for (auto* queue :
       {"{queue: q, restore: false}", "{queue: q, declare: {type: quorum}}", "{queue: q, arguments: {x-priority: 1}}",
        "{queue: q, delivery_limit: 5}", "{queue: q, bind: [{exchange: amq.topic, routing_key: a}]}"})
    EXPECT_EQ(difference(base, subscribe(queue, "{topic: s}")).brokers.at("shop"), Change::resubscribed) << queue;
  for (auto* topic : {"{topic: s, start: latest}", "{topic: s, on_offset_lost: latest}", "{topic: '^s'}"})
    EXPECT_EQ(difference(base, subscribe("{queue: q}", topic)).brokers.at("lake"), Change::resubscribed) << topic;
}

TEST(Difference, ASectionChangesByItsOwnKeysAndByWhatItTakesFromTheFile) {
  auto rest = routes(route("a", "q"));
  auto base = brokers() + rest;
  auto found = difference(base, brokers(", prefetch_count: 7") + rest);
  EXPECT_EQ(found.brokers.at("shop"), Change::changed);
  EXPECT_EQ(found.brokers.at("lake"), Change::same);
  EXPECT_THAT(found.named(Change::changed), ElementsAre("broker shop"));

  found = difference(base, "name: other\n" + base);
  EXPECT_THAT(found.named(Change::changed), ElementsAre("broker lake", "broker shop"));
  EXPECT_THAT(found.named(Change::added), ElementsAre("name"));

  found = difference(base, "failures: {dead_letter: {broker: shop, target: dead}}\n" + base);
  EXPECT_EQ(found.brokers.at("shop"), Change::changed) << "it declares a queue that it did not declare before";
  EXPECT_EQ(found.brokers.at("lake"), Change::same);
}

TEST(Difference, BrokersHandlersAndGlobalKeysComeAndGo) {
  auto found = difference(
      brokers() +
          "  old: {type: memory}\nhandlers: {h: {plugin: a.so}, i: {plugin: a.so}, j: {plugin: a.so}}\n"
          "log: {level: info}\nunrouted: discard\n" +
          routes(route("a", "q")),
      brokers() +
          "  new: {type: memory}\nhandlers: {i: {plugin: a.so}, j: {plugin: a.so, concurrency: 2}, k: {plugin: a.so}}\n"
          "log: {level: debug}\nshutdown_timeout: 1s\n" +
          routes(route("a", "q")));
  EXPECT_THAT(found.named(Change::added), UnorderedElementsAre("broker new", "handler k", "shutdown_timeout"));
  EXPECT_THAT(found.named(Change::changed), UnorderedElementsAre("handler j", "log"));
  EXPECT_THAT(found.named(Change::removed), UnorderedElementsAre("broker old", "handler h", "unrouted"));
}

}  // namespace
}  // namespace mombridge::topology
