#include "routing/route_table.hpp"

#include <gmock/gmock.h>

#include "compiling.hpp"
#include "loading.hpp"

namespace mombridge::routing {
namespace {

using config::test::kBrokers;
using testing::ElementsAre;
using testing::IsEmpty;

class Table {
 public:
  explicit Table(const std::string& routes, const std::string& brokers = kBrokers)
      : loaded_(config::test::load_text(brokers + routes, false)) {
    EXPECT_THAT(loaded_.said, IsEmpty());
    config::Diagnostics diagnostics;
    table = test::compile(loaded_.config, diagnostics);
    EXPECT_TRUE(diagnostics.ok());
  }

  std::vector<std::string> match(const std::string& target, std::vector<Header> headers = {}, uint32_t subscription = 0,
                                 const std::string& broker = "shop") {
    Message message;
    message.target = target;
    message.headers = headers;
    RouteMatches matches;
    if (auto* origin = table->origin(broker)) origin->match(subscription, message, matches);
    std::vector<std::string> names;
    for (auto* r : matches.routes) names.push_back(r->config->name);
    return names;
  }

  std::shared_ptr<const RouteTable> table;

 private:
  config::test::Loaded loaded_;
};

const std::string kShop =
    "brokers:\n"
    "  shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: one}, {queue: two}]}\n"
    "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n";

TEST(RouteTable, MatchesExactTargets) {
  Table t(
      "routes:\n"
      "  - {name: a, from: {broker: shop, target: order.new}, to: {broker: lake, target: x}}\n"
      "  - {name: b, from: {broker: shop, target: order.old}, to: {broker: lake, target: x}}\n"
      "  - {name: c, from: {broker: shop, target: order.new}, to: {broker: lake, target: y}}\n",
      kShop);
  EXPECT_THAT(t.match("order.new"), ElementsAre("a", "c"));
  EXPECT_THAT(t.match("order.old"), ElementsAre("b"));
  EXPECT_THAT(t.match("order"), IsEmpty());
  EXPECT_THAT(t.match("order.new.x"), IsEmpty());
  EXPECT_THAT(t.match(""), IsEmpty());
}

TEST(RouteTable, KeepsTheOrderOfTheFile) {
  Table t(
      "routes:\n"
      "  - {name: all, from: {broker: shop}, to: {broker: lake, target: x}}\n"
      "  - {name: exact, from: {broker: shop, target: a.b}, to: {broker: lake, target: x}}\n"
      "  - {name: star, from: {broker: shop, target: a.*}, to: {broker: lake, target: x}}\n"
      "  - {name: again, from: {broker: shop, target: a.b}, to: {broker: lake, target: x}}\n",
      kShop);
  EXPECT_THAT(t.match("a.b"), ElementsAre("all", "exact", "star", "again"));
  EXPECT_THAT(t.match("a.c"), ElementsAre("all", "star"));
  EXPECT_THAT(t.match("c"), ElementsAre("all"));
}

TEST(RouteTable, AsksForAllHeaders) {
  Table t(
      "routes:\n"
      "  - {name: a, from: {broker: shop, headers: {kind: task, level: '3'}}, to: {broker: lake, target: x}}\n",
      kShop);
  EXPECT_THAT(t.match("x", {{"kind", Value::of("task")}, {"level", Value::of("3")}}), ElementsAre("a"));
  EXPECT_THAT(t.match("x", {{"level", Value::of(int64_t{3})}, {"kind", Value::of_bytes("task")}}), ElementsAre("a"));
  EXPECT_THAT(t.match("x", {{"kind", Value::of("task")}}), IsEmpty());
  EXPECT_THAT(t.match("x", {{"kind", Value::of("task")}, {"level", Value::of("4")}}), IsEmpty());
  EXPECT_THAT(t.match("x", {{"kind", Value::of("task")}, {"level", Value{}}}), IsEmpty());
  // A name may come twice: the last counts.
  EXPECT_THAT(t.match("x", {{"kind", Value::of("x")}, {"kind", Value::of("task")}, {"level", Value::of("3")}}),
              ElementsAre("a"));
}

TEST(RouteTable, HeadersSplitMessagesByPatternAndAbsence) {
  Table t(
      "routes:\n"
      "  - {name: orders, from: {broker: shop, headers: {kind: 'order-*'}}, to: {broker: lake, target: x}}\n"
      "  - {name: rest, from: {broker: shop, headers: {kind: null}}, to: {broker: lake, target: x}}\n"
      "  - {name: any, from: {broker: shop, target: x, headers: {kind: '*'}}, to: {broker: lake, target: x}}\n",
      kShop);
  EXPECT_THAT(t.match("x", {{"kind", Value::of("order-new")}}), ElementsAre("orders", "any"));
  EXPECT_THAT(t.match("x", {{"kind", Value::of("note")}}), ElementsAre("any"));
  EXPECT_THAT(t.match("x", {{"other", Value::of("order-new")}}), ElementsAre("rest"));
  EXPECT_THAT(t.match("x"), ElementsAre("rest"));
}

TEST(RouteTable, ARoutesQueueIsItsOwn) {
  Table t(
      "routes:\n"
      "  - {name: mine, from: {broker: shop, queue: own}, to: {broker: lake, target: x}}\n"
      "  - {name: general, from: {broker: shop}, to: {broker: lake, target: x}}\n",
      kShop);
  EXPECT_THAT(t.match("x", {}, 0), ElementsAre("general"));
  EXPECT_THAT(t.match("x", {}, 1), ElementsAre("general"));
  EXPECT_THAT(t.match("x", {}, 2), ElementsAre("mine"));
  EXPECT_THAT(t.match("x", {}, 3), IsEmpty());
}

TEST(RouteTable, RoutesMayShareAQueue) {
  Table t(
      "routes:\n"
      "  - {name: a, from: {broker: shop, queue: own, target: 'a.#'}, to: {broker: lake, target: x}}\n"
      "  - {name: b, from: {broker: shop, queue: own, target: b}, to: {broker: lake, target: x}}\n");
  EXPECT_THAT(t.match("a.x"), ElementsAre("a"));
  EXPECT_THAT(t.match("b"), ElementsAre("b"));
}

TEST(RouteTable, ARoutesTopicThatIsSubscribedAnywayStaysGeneral) {
  Table t(
      "routes:\n"
      "  - {name: mine, from: {broker: lake, topic: orders}, to: {broker: shop, target: x}}\n"
      "  - {name: general, from: {broker: lake, target: orders}, to: {broker: shop, target: x}}\n",
      "brokers:\n"
      "  shop: {type: amqp, url: amqp://localhost}\n"
      "  lake: {type: kafka, bootstrap_servers: localhost:9092, subscribe: [{topic: orders}]}\n");
  EXPECT_THAT(t.match("orders", {}, 0, "lake"), ElementsAre("mine", "general"));
}

TEST(RouteTable, OwnAndGeneralRoutesStandInTheOrderOfTheFile) {
  Table t(
      "routes:\n"
      "  - {name: general, from: {broker: lake, target: 'orders.#'}, to: {broker: shop, target: x}}\n"
      "  - {name: mine, from: {broker: lake, topic: orders.eu}, to: {broker: shop, target: x}}\n"
      "  - {name: pattern, from: {broker: lake, target: '*.eu'}, to: {broker: shop, target: x}}\n"
      "  - {name: exact, from: {broker: lake, target: orders.eu}, to: {broker: shop, target: x}}\n",
      "brokers:\n"
      "  shop: {type: amqp, url: amqp://localhost}\n"
      "  lake: {type: kafka, bootstrap_servers: localhost:9092, subscribe: [{topic: orders.eu}]}\n");
  EXPECT_THAT(t.match("orders.eu", {}, 0, "lake"), ElementsAre("general", "mine", "pattern", "exact"));
}

// Few patterns are scanned, many are looked up.
TEST(RouteTable, TheOrderIsTheFilesHoweverManyRoutesThereAre) {
  for (int count : {1, 4, 5, 60}) {
    std::string routes = "routes:\n";
    std::vector<std::string> expected;
    for (int i = 0; i < count; ++i) {
      auto name = "r" + std::to_string(i);
      auto* pattern = i % 3 == 0 ? "'a.#'" : i % 3 == 1 ? "'*.b'" : "'a.c'";
      routes += "  - {name: " + name + ", from: {broker: shop, target: " + pattern + "}, to: {broker: lake, target: x" +
                std::to_string(i) + "}}\n";
      if (i % 3 != 2) expected.push_back(name);
    }
    EXPECT_EQ(Table(routes, kShop).match("a.b"), expected) << count;
  }
}

TEST(RouteTable, OtherBrokersAreNotMatched) {
  Table t("routes: [{name: a, from: {broker: shop}, to: {broker: lake, target: x}}]\n", kShop);
  EXPECT_THAT(t.match("x", {}, 0, "lake"), IsEmpty());
  EXPECT_THAT(t.match("x", {}, 0, "nobody"), IsEmpty());
}

TEST(RouteTable, SaysWhatUnroutedMeans) {
  std::string route = "routes: [{from: {broker: shop}, to: {broker: lake, target: x}}]\n";
  std::string dead = "failures: {dead_letter: {broker: shop, target: dead}}\n";
  EXPECT_TRUE(Table(route, kShop).table->discard_unrouted());
  EXPECT_FALSE(Table(route + dead, kShop).table->discard_unrouted());
  EXPECT_TRUE(Table(route + dead + "unrouted: discard\n", kShop).table->discard_unrouted());
}

}  // namespace
}  // namespace mombridge::routing
