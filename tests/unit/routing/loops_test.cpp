// Routes that send to where they read: which are refused, and which may be meant.

#include "routing/loops.hpp"

#include "loading.hpp"

namespace mombridge::routing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::vector<std::string> check_text(const std::string& text) {
  config::test::Folder folder;
  config::Diagnostics diagnostics;
  auto config = config::load({{folder.write("c.yaml", text)}, false, {}}, config::test::kinds(), diagnostics);
  EXPECT_TRUE(diagnostics.ok()) << diagnostics.sorted().front().text();
  config::Diagnostics loops;
  check_loops(config, loops);
  std::vector<std::string> said;
  for (auto& d : loops.sorted()) said.push_back(d.text().substr(folder.path().string().size() + 1));
  return said;
}

TEST(Loops, OfConstantTargets) {
  EXPECT_THAT(
      check_text("brokers:\n"
                 "  shop: {type: amqp, url: amqp://localhost}\n"
                 "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n"
                 "routes:\n"
                 "  - {name: up, from: {broker: shop, queue: a}, to: {broker: lake, target: b}}\n"
                 "  - {name: down, from: {broker: lake, topic: b}, to: {broker: shop, target: a}}\n"
                 "  - {name: self, from: {broker: shop, queue: c}, to: {broker: shop, target: c}}\n"
                 "  - {name: fine, from: {broker: shop, queue: d}, to: {broker: shop, target: c}}\n"
                 "  - {name: elsewhere, from: {broker: shop, queue: e}, to: {broker: shop, exchange: x, target: e}}\n"),
      ElementsAre("c.yaml:6:5: error: routes.down: a loop: up -> down -> up (every message would go round; send it to "
                  "another target)",
                  "c.yaml:7:5: error: routes.self: a loop: self -> self (every message would go round; send it to "
                  "another target)"));
}

TEST(Loops, ThroughAHandlersReply) {
  EXPECT_THAT(
      check_text(
          "brokers:\n"
          "  shop: {type: amqp, url: amqp://localhost}\n"
          "handlers: {h: {plugin: h.so}}\n"
          "routes:\n"
          "  - {name: r, from: {broker: shop, queue: a}, to: {handler: h, reply_to: {broker: shop, target: a}}}\n"),
      ElementsAre(testing::HasSubstr("error: routes.r: a loop: r -> r")));
}

// One of its headers may be what ends it.
TEST(Loops, ARouteThatAsksForAHeaderIsNoLoop) {
  EXPECT_THAT(check_text("brokers: {shop: {type: amqp, url: amqp://localhost}}\n"
                         "routes: [{name: r, from: {broker: shop, queue: a, headers: {again: 'yes'}}, to: {broker: "
                         "shop, target: a}}]\n"),
              IsEmpty());
}

std::vector<std::string> on_lake(const std::string& topic, const std::string& target, const std::string& from = "#") {
  return check_text("brokers: {lake: {type: kafka, bootstrap_servers: k, subscribe: [{topic: '" + topic +
                    "'}]}}\n"
                    "routes: [{name: r, from: {broker: lake, target: '" +
                    from + "'}, to: {broker: lake, target: '" + target + "'}}]\n");
}

TEST(Loops, ThroughRegularExpressions) {
  EXPECT_THAT(on_lake("^.*", "mirror.{target}"),
              ElementsAre("c.yaml:2:10: error: routes.r: a loop: r -> r: 'mirror.x' comes back through '^.*' (every "
                          "message would go round; send it to another target)"));
  EXPECT_THAT(on_lake("^two\\..*", "two.copy.{target}"), ElementsAre(HasSubstr("error: routes.r: a loop")));
  EXPECT_THAT(on_lake("^orders\\..*", "mirror.{target}"), IsEmpty());
  EXPECT_THAT(on_lake("^[a-z]+$", "mirror.{target}"), IsEmpty());
  EXPECT_THAT(on_lake("^.*", "mirror.{target}", "orders.*"), IsEmpty()) << "the route does not take it again";
  EXPECT_THAT(on_lake("^.*", "__mirror"), IsEmpty()) << "what Kafka keeps for itself no expression takes";
  EXPECT_THAT(on_lake("^.*", "mombridge.dead"), IsEmpty()) << "nor what is the bridge's";
}

TEST(Loops, OfSomeMessagesAreWarnedOf) {
  EXPECT_THAT(on_lake("^(a|b\\.b.*)$", "b.{target}"), ElementsAre(StartsWith("c.yaml:2:10: warning: ")));
  EXPECT_THAT(on_lake("a.b", "a.{key}"), ElementsAre(HasSubstr("warning: routes.r: this may be a loop: r -> r")));
  EXPECT_THAT(on_lake("a.b", "c.{key}"), IsEmpty());
  EXPECT_THAT(on_lake("^a\\.[0-9]$", "a.{key:-7}"), ElementsAre(HasSubstr("warning: routes.r: this may be a loop")));
  EXPECT_THAT(on_lake("^a\\.[0-9]$", "a.{key:-none}"), IsEmpty());
}

TEST(Loops, ThroughTheTargetThatATopicHas) {
  EXPECT_THAT(on_lake("a", "{target}"), ElementsAre(HasSubstr("error: routes.r: a loop: r -> r (every")));
}

std::vector<std::string> on_shop(const std::string& subscribe, const std::string& to) {
  return check_text("brokers: {shop: {type: amqp, url: amqp://localhost, subscribe: [" + subscribe +
                    "]}}\n"
                    "routes: [{name: r, from: {broker: shop}, to: {broker: shop, " +
                    to + "}}]\n");
}

TEST(Loops, ThroughExchanges) {
  std::string everything = "{exchange: amq.topic, routing_key: ['#']}";
  EXPECT_THAT(on_shop(everything, "exchange: amq.topic, target: 'copy.{target}'"),
              ElementsAre("c.yaml:2:10: error: routes.r: a loop: r -> r: 'copy.x' comes back through 'amq.topic' "
                          "(every message would go round; send it to another target)"));
  EXPECT_THAT(on_shop(everything, "exchange: other, target: 'copy.{target}'"), IsEmpty());
  EXPECT_THAT(
      on_shop("{exchange: amq.topic, routing_key: ['order.#']}", "exchange: amq.topic, target: 'copy.{target}'"),
      IsEmpty());
  EXPECT_THAT(on_shop("{queue: q, bind: [{exchange: amq.fanout, routing_key: k}]}", "exchange: amq.fanout, target: x"),
              ElementsAre(HasSubstr("error: routes.r: a loop")));
  EXPECT_THAT(on_shop("{queue: q, bind: [{exchange: own, routing_key: ['#']}]}", "exchange: own, target: x"),
              ElementsAre(HasSubstr("warning: routes.r: this may be a loop")))
      << "of a direct exchange it is none";
  EXPECT_THAT(
      on_shop("{queue: q, bind: [{exchange: amq.headers, arguments: {a: b}}]}", "exchange: amq.headers, target: x"),
      ElementsAre(HasSubstr("warning: routes.r: this may be a loop")));
}

TEST(Loops, OfWhatWasPublishedToAQueueByItsName) {
  EXPECT_THAT(on_shop("{queue: q}", "target: '{target}'"),
              ElementsAre(HasSubstr("warning: routes.r: this may be a loop: r -> r")));
}

TEST(Loops, ThroughASecondSectionOfTheSameBroker) {
  auto with = [](const std::string& servers) {
    return check_text(
        "brokers:\n"
        "  lake: {type: kafka, bootstrap_servers: 'localhost:9092', subscribe: [{topic: '^two\\..*'}]}\n"
        "  two: {type: kafka, bootstrap_servers: '" +
        servers +
        "'}\n"
        "routes: [{name: r, from: {broker: lake}, to: {broker: two, target: 'two.copy.{target}'}}]\n");
  };
  for (auto servers : {"localhost", "127.0.0.1:9092", "other:1,LOCALHOST:9092", "PLAINTEXT://localhost:9092"})
    EXPECT_THAT(with(servers), ElementsAre(HasSubstr("error: routes.r: a loop"))) << servers;
  EXPECT_THAT(with("localhost:9093"), IsEmpty());
}

TEST(Loops, AVhostIsABrokerOfItsOwn) {
  auto with = [](const std::string& url) {
    return check_text(
        "brokers:\n  a: {type: amqp, url: 'amqp://localhost/v', subscribe: {queue: q}}\n  b: {type: amqp, url: '" +
        url + "'}\nroutes: [{name: r, from: {broker: a}, to: {broker: b, target: q}}]\n");
  };
  EXPECT_THAT(with("amqp://127.0.0.1:5672/v"), ElementsAre(HasSubstr("error: routes.r: a loop")));
  EXPECT_THAT(with("amqp://localhost/w"), IsEmpty());
}

}  // namespace
}  // namespace mombridge::routing
