#include "routing/explain.hpp"

#include <gmock/gmock.h>

#include "compiling.hpp"
#include "loading.hpp"

namespace mombridge::routing {
namespace {

using testing::HasSubstr;

Explanation explained(const std::string& text, const std::string& broker, const std::string& target,
                      const std::vector<std::pair<std::string, std::string>>& headers = {},
                      const std::optional<std::string>& key = {}) {
  auto loaded = config::test::load_text(text, false);
  config::Diagnostics diagnostics;
  auto table = test::compile(loaded.config, diagnostics);
  EXPECT_TRUE(diagnostics.ok());
  return explain(*table, broker, target, headers, key);
}

const std::string kConfig =
    "brokers:\n"
    "  shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: q}]}\n"
    "  lake: {type: kafka, bootstrap_servers: localhost:9092, subscribe: [{topic: orders}]}\n"
    "handlers: {h: {plugin: h.so}}\n"
    "routes:\n"
    "  - {name: orders, from: {broker: shop, target: 'order.*'}, to: {broker: lake, target: 'o.{header.kind}'}}\n"
    "  - {name: new, from: {broker: shop, target: order.new, headers: {vip: 'yes'}}, to: [{handler: h, reply_to: "
    "{broker: shop, target: res, exchange: x}}, {broker: lake, target: '{key}', allow: [a]}]}\n"
    "  - {name: own, from: {broker: shop, queue: mine, target: solo}, to: {broker: lake, target: '{target}'}}\n"
    "  - {name: back, from: {broker: lake, target: orders}, to: {broker: shop, target: '{header.to}', allow: "
    "['a.*']}}\n";

TEST(Explain, SaysWhichRoutesAndWhy) {
  auto e = explained(kConfig, "shop", "order.new", {{"kind", "k"}, {"vip", "yes"}});
  EXPECT_TRUE(e.taken);
  EXPECT_EQ(e.text,
            "from shop, 'q':\n"
            "  route 'orders', because target matches 'order.*'\n"
            "    -> lake (kafka), target 'o.k'\n"
            "  route 'new', because target is 'order.new', header vip is 'yes'\n"
            "    -> handler 'h', its reply to shop (amqp), target 'res', exchange 'x'\n"
            "    -> lake (kafka), refused: '{key}' needs a key and the message has none\n");
}

TEST(Explain, SaysWhatWouldBeRefused) {
  EXPECT_THAT(
      explained(kConfig, "shop", "order.x").text,
      HasSubstr("-> lake (kafka), refused: 'o.{header.kind}' needs the header 'kind' and the message lacks it\n"));
  EXPECT_THAT(explained(kConfig, "lake", "orders", {{"to", "b"}}).text,
              HasSubstr("-> shop (amqp), refused: target 'b' is not in the destination's 'allow'\n"));
  EXPECT_THAT(explained(kConfig, "lake", "orders", {{"to", "a.b"}}).text, HasSubstr("-> shop (amqp), target 'a.b'\n"));
}

const std::string kTemplates =
    "brokers: {shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: q}]}, lake: {type: kafka, "
    "bootstrap_servers: localhost:9092}}\n"
    "routes: [{name: r, from: {broker: shop}, to: {broker: lake, target: 'o.{header.kind:-other}', key: "
    "'{header.customer:-none}/{key:-}', headers: {n: 5, flag: true, ratio: 1.5, text: '5', was: "
    "'{header.kind:-}'}}}]\n";

TEST(Explain, ShowsWhatTemplatesRender) {
  EXPECT_THAT(explained(kTemplates, "shop", "a").text,
              HasSubstr("-> lake (kafka), target 'o.other', key 'none/', header n 5, header flag true, header ratio "
                        "1.5, header text '5', header was ''\n"));
  EXPECT_THAT(explained(kTemplates, "shop", "a", {{"kind", "k"}, {"customer", "ada"}}, "k1").text,
              HasSubstr("-> lake (kafka), target 'o.k', key 'ada/k1', header n 5, header flag true, header ratio 1.5, "
                        "header text '5', header was 'k'\n"));
}

TEST(Explain, SaysWhichTemplateIsRefused) {
  auto config = kTemplates;
  config.replace(config.find("{header.kind:-}'"), 15, "{header.origin}");
  EXPECT_THAT(explained(config, "shop", "a").text,
              HasSubstr("-> lake (kafka), refused: '{header.origin}' needs the header 'origin' and the message lacks "
                        "it\n"));
}

TEST(Explain, EachSubscriptionIsAWayOfItsOwn) {
  EXPECT_EQ(explained(kConfig, "shop", "solo").text,
            "from shop, 'mine':\n"
            "  route 'own', because target is 'solo'\n"
            "    -> lake (kafka), target 'solo'\n");
}

TEST(Explain, SaysWhyNone) {
  auto e = explained(kConfig, "shop", "ordr.new");
  EXPECT_FALSE(e.taken);
  EXPECT_EQ(e.text,
            "no route takes target 'ordr.new' from broker 'shop'\n"
            "  route 'orders' (pattern 'order.*'): its pattern does not match\n"
            "  route 'new' (pattern 'order.new'): its pattern does not match\n"
            "  route 'own' (pattern 'solo'): its pattern does not match\n"
            "  the nearest pattern is 'order.new'\n"
            "it would be counted, logged and discarded (unrouted)\n");
}

TEST(Explain, SaysThatAHeaderIsMissing) {
  std::string config =
      "brokers: {shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: q}]}, lake: {type: kafka, "
      "bootstrap_servers: localhost:9092}}\n"
      "routes: [{name: r, from: {broker: shop, headers: {a: b}}, to: {broker: lake, target: x}}]\n"
      "failures: {dead_letter: {broker: lake, target: dead}}\n";
  auto e = explained(config, "shop", "t", {{"a", "c"}});
  EXPECT_FALSE(e.taken);
  EXPECT_THAT(e.text, HasSubstr("route 'r' (pattern '#'): header a is 'c', and must be 'b'\n"));
  EXPECT_THAT(e.text, HasSubstr("it would go to the dead letter lake/dead\n"));
}

TEST(Explain, SaysWhatPatternsAndAbsenceMean) {
  std::string config =
      "brokers: {shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: q}]}, lake: {type: kafka, "
      "bootstrap_servers: localhost:9092}}\n"
      "routes:\n"
      "  - {name: orders, from: {broker: shop, headers: {kind: 'order-*', test: null}}, to: {broker: lake, target: "
      "x}}\n"
      "  - {name: any, from: {broker: shop, headers: {kind: '*'}}, to: {broker: lake, target: y}}\n";
  EXPECT_THAT(explained(config, "shop", "t", {{"kind", "order-1"}}).text,
              HasSubstr("route 'orders', because target matches '#', header kind matches 'order-*', header test is "
                        "absent\n"));
  auto any = explained(config, "shop", "t", {{"kind", "order-1"}, {"test", "1"}}).text;
  EXPECT_THAT(any, HasSubstr("route 'any', because target matches '#', header kind is there\n"));
  EXPECT_THAT(any, testing::Not(HasSubstr("'orders'")));
  auto none = explained(config, "shop", "t").text;
  EXPECT_THAT(none, HasSubstr("route 'orders' (pattern '#'): header kind is missing, and must match 'order-*'\n"));
  EXPECT_THAT(none, HasSubstr("route 'any' (pattern '#'): header kind is missing\n"));
  config.replace(config.find("{kind: '*'}"), 11, "{kind: none}");
  EXPECT_THAT(explained(config, "shop", "t", {{"kind", "order-1"}, {"test", "1"}}).text,
              HasSubstr("route 'orders' (pattern '#'): header test is '1', and must be absent\n"));
}

TEST(Explain, SaysTheRate) {
  EXPECT_THAT(
      explained("brokers: {shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: q}]}}\n"
                "routes: [{name: r, from: {broker: shop, target: a}, to: {broker: shop, target: x}, rate: 30/m}]\n",
                "shop", "a")
          .text,
      HasSubstr("route 'r', because target is 'a'; at most 30/m\n"));
}

TEST(Explain, SaysThatNothingDeliversIt) {
  auto e = explained(kConfig, "lake", "order");
  EXPECT_FALSE(e.taken);
  EXPECT_THAT(e.text, HasSubstr("broker 'lake' subscribes to nothing that brings target 'order': it has 'orders'\n"
                                "  did you mean 'orders'?\n"));
  EXPECT_THAT(e.text, testing::Not(HasSubstr("unrouted"))) << "it never comes";
  std::string unsubscribed =
      "brokers: {shop: {type: amqp, url: amqp://localhost}, lake: {type: kafka, bootstrap_servers: localhost:9092, "
      "subscribe: [{topic: a}]}}\n"
      "routes: [{name: r, from: {broker: lake, target: b}, to: {broker: shop, target: x}}]\n";
  EXPECT_THAT(explained(unsubscribed, "lake", "b").text,
              HasSubstr("route 'r' (pattern 'b'): no subscription delivers to it\n"));
  EXPECT_THAT(explained(unsubscribed, "shop", "b").text, HasSubstr("no route has 'from: {broker: shop}'\n"));
  EXPECT_THAT(explained(unsubscribed, "shop", "b").text, HasSubstr("it has no subscription\n"));
}

TEST(Explain, LooksIntoRegularExpressions) {
  std::string config =
      "brokers: {shop: {type: amqp, url: amqp://localhost}, lake: {type: kafka, bootstrap_servers: localhost:9092, "
      "subscribe: [{topic: '^telemetry\\..*'}]}}\n"
      "routes: [{name: r, from: {broker: lake}, to: {broker: shop, target: x}}]\n";
  EXPECT_THAT(explained(config, "lake", "telemetry.car").text,
              HasSubstr("from lake, '^telemetry\\..*':\n  route 'r', because"));
  for (auto topic : {"orders", "__telemetry.x", "telemetry"})
    EXPECT_FALSE(explained(config, "lake", topic).taken) << topic;
  auto all = config;
  all.replace(all.find("^telemetry\\..*"), 14, "^.*");
  EXPECT_TRUE(explained(all, "lake", "orders").taken);
  for (auto topic : {"__consumer_offsets", "mombridge.replies", "mombridge.dead"})
    EXPECT_FALSE(explained(all, "lake", topic).taken) << topic;
}

}  // namespace
}  // namespace mombridge::routing
