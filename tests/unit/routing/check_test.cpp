// What is wrong with the routes of a file as a whole: the words, and the place they point at.

#include "routing/check.hpp"

#include "compiling.hpp"
#include "loading.hpp"

namespace mombridge::routing {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using testing::HasSubstr;

/// Without what is said of a file without a dead letter, as most of these are, except where that is asked for.
std::vector<std::string> check_text(const std::string& text, bool dead_letter = false) {
  config::test::Folder folder;
  config::Diagnostics diagnostics;
  auto config = config::load({{folder.write("c.yaml", text)}, false, {}}, config::test::kinds(), diagnostics);
  EXPECT_THAT(diagnostics.sorted(), IsEmpty()) << diagnostics.sorted().front().text();
  check(std::make_shared<const config::Config>(config), test::kinds(), diagnostics);
  std::vector<std::string> said;
  for (auto& d : diagnostics.sorted())
    if (dead_letter || d.what.find("no dead_letter: what") == std::string::npos)
      said.push_back(d.text().substr(folder.path().string().size() + 1));
  return said;
}

const std::string kTwo =
    "brokers:\n"
    "  shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: q}]}\n"
    "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n";

TEST(Check, SaysNothingOfWhatIsRight) {
  EXPECT_THAT(check_text(kTwo + "routes: [{from: {broker: shop}, to: {broker: lake, target: 'x.{key}'}}]\n"),
              IsEmpty());
}

TEST(Check, AnInProcessTargetOfTheIngressHasARoute) {
  EXPECT_THAT(check_text("brokers:\n"
                         "  shop: {type: amqp, url: amqp://localhost}\n"
                         "  local: {type: memory}\n"
                         "routes: [{from: {broker: local, target: in}, to: {broker: shop, target: out}}]\n"
                         "ingress: {listen: 127.0.0.1:1, allow: [local/in, local/other, 'local/o*', shop/other]}\n"),
              ElementsAre("c.yaml:5:50: error: ingress.allow: no route takes 'other' from memory broker 'local' (add a "
                          "route with 'from: {broker: local, target: other}')"));
}

TEST(Check, Templates) {
  EXPECT_THAT(
      check_text(kTwo + "routes:\n"
                        "  - name: r\n"
                        "    from: {broker: shop}\n"
                        "    to:\n"
                        "      broker: lake\n"
                        "      target: 'x{'\n"
                        "      key: '{nokey}'\n"
                        "      headers:\n"
                        "        h: '{header.}'\n"),
      ElementsAre("c.yaml:9:15: error: routes.r.to.target: '{' without '}'",
                  "c.yaml:10:12: error: routes.r.to.key: unknown variable '{nokey}': known are {target}, {key}, "
                  "{broker} and {header.NAME}",
                  "c.yaml:12:12: error: routes.r.to.headers.h: unknown variable '{header.}': known are {target}, "
                  "{key}, {broker} and {header.NAME}"));
}

TEST(Check, TargetsThatAMessageChooses) {
  EXPECT_THAT(
      check_text(kTwo + "routes:\n"
                        "  - name: r\n"
                        "    from: {broker: shop}\n"
                        "    to:\n"
                        "      - {broker: lake, target: '{header.to}'}\n"
                        "      - {broker: lake, target: '{target}-{key}'}\n"
                        "      - {broker: lake, target: '{header.to}', allow: ['a.*']}\n"
                        "      - {broker: lake, target: '{target}'}\n"
                        "      - {broker: lake, target: 'a.{key}'}\n"),
      ElementsAre("c.yaml:8:32: error: routes.r.to.0.target: '{header.to}' lets a message choose any target (begin "
                  "it with literal text, as in 'task.{key}', or add 'allow: [\"task.*\"]')",
                  "c.yaml:9:32: error: routes.r.to.1.target: '{target}-{key}' lets a message choose any target "
                  "(begin it with literal text, as in 'task.{key}', or add 'allow: [\"task.*\"]')"));
}

TEST(Check, TheDefaultsOfATemplateMakeATargetThatCanBe) {
  EXPECT_THAT(
      check_text(kTwo + "routes:\n"
                        "  - name: r\n"
                        "    from: {broker: shop, target: a}\n"
                        "    to:\n"
                        "      - {broker: lake, target: '{header.to:-b}', allow: ['a.*']}\n"
                        "      - {broker: lake, target: 'x.{header.to:-a b}'}\n"
                        "      - {broker: lake, target: '{header.to:-a.b}', allow: ['a.*']}\n"
                        "      - {broker: lake, target: '{target}.{header.to:-b}', allow: ['a.*']}\n"
                        "      - {broker: lake, target: 'fixed', allow: ['a.*']}\n"
                        "      - {broker: lake, target: '{key:-a}'}\n"),
      ElementsAre("c.yaml:8:32: error: routes.r.to.0.target: 'b', by the defaults of the template, is not in 'allow' "
                  "(add it there)",
                  HasSubstr("c.yaml:9:32: error: routes.r.to.1.target: 'x.a b' "),
                  "c.yaml:12:32: error: routes.r.to.4.target: 'fixed' is not in 'allow' (add it there)",
                  HasSubstr("c.yaml:13:32: error: routes.r.to.5.target: '{key:-a}' lets a message choose any target")));
}

TEST(Check, SaysWhereADefaultIsWrong) {
  EXPECT_THAT(check_text(kTwo + "routes:\n"
                                "  - name: r\n"
                                "    from: {broker: shop}\n"
                                "    to:\n"
                                "      broker: lake\n"
                                "      target: 'x.{key:-{target}}'\n"
                                "      key: '{key:none}'\n"
                                "      headers:\n"
                                "        h: '{header.a:-C:\\temp}'\n"),
              ElementsAre("c.yaml:9:15: error: routes.r.to.target: '{' in a default, which is plain text: a literal "
                          "brace there is written '\\{'",
                          "c.yaml:10:12: error: routes.r.to.key: unknown variable '{key:none}': a default is written "
                          "'{key:-none}'",
                          "c.yaml:12:12: error: routes.r.to.headers.h: '\\' in a default stands before '{', '}' or "
                          "'\\': a literal one is written '\\\\'"));
}

TEST(Check, TargetsOfRepliesAndDeadLettersToo) {
  EXPECT_THAT(
      check_text(kTwo.substr(0, kTwo.find("subscribe")) + "allow_reply_to: [a], " +
                 kTwo.substr(kTwo.find("subscribe")) +
                 "handlers: {h: {plugin: h.so}}\n"
                 "routes:\n"
                 "  - {name: r, from: {broker: shop}, to: {handler: h, reply_to: {broker: lake, target: '{key}'}}}\n"
                 "failures: {dead_letter: {broker: lake, target: '{key}'}}\n"),
      ElementsAre(testing::StartsWith("c.yaml:6:87: error: routes.r.to.reply_to.target: '{key}' lets a message"),
                  testing::StartsWith("c.yaml:7:48: error: failures.dead_letter.target: '{key}' lets a message")));
}

TEST(Check, TargetsThatTheirBrokerCannotHave) {
  const std::string kLong(256, 'x');
  EXPECT_THAT(
      check_text(kTwo +
                 "routes:\n"
                 "  - {name: r, from: {broker: shop}, to: {broker: lake, target: 'a b'}}\n"
                 "  - {name: s, from: {broker: shop}, to: {broker: shop, target: " +
                 kLong + "}}\n" + "failures: {dead_letter: {broker: lake, target: dead/letters}}\n"),
      ElementsAre(
          "c.yaml:5:64: error: routes.r.to.target: 'a b' is not the name of a topic (letters, digits, '.', '_' "
          "and '-', up to 249)",
          "c.yaml:6:64: error: routes.s.to.target: '" + kLong +
              "' is longer than the 255 bytes that AMQP has for a routing key",
          "c.yaml:7:48: error: failures.dead_letter.target: 'dead/letters' is not the name of a topic (letters, "
          "digits, '.', '_' and '-', up to 249)"));
}

// A route's own `failures:` takes over the dead letter: what is wrong with that is said once.
TEST(Check, AnInheritedDeadLetterIsSaidOnce) {
  EXPECT_THAT(
      check_text(kTwo + "routes: [{name: r, from: {broker: shop}, to: {broker: lake}, failures: {attempts: 2}}]\n"
                        "failures: {dead_letter: {broker: lake, target: '{'}}\n"),
      ElementsAre("c.yaml:5:48: error: failures.dead_letter.target: '{' without '}'"));
}

TEST(Check, SubscriptionsThatNoRouteTakes) {
  EXPECT_THAT(
      check_text("brokers:\n"
                 "  shop:\n"
                 "    type: amqp\n"
                 "    url: amqp://localhost\n"
                 "    subscribe:\n"
                 "      - queue: a\n"
                 "      - exchange: amq.topic\n"
                 "        routing_key: [\"x.*\"]\n"
                 "  lake: {type: kafka, bootstrap_servers: localhost:9092, subscribe: [{topic: t}, {topic: u}]}\n"
                 "routes:\n"
                 "  - {name: r, from: {broker: lake, target: u}, to: {broker: shop, target: y}}\n"),
      ElementsAre(
          "c.yaml:6:9: error: brokers.shop.subscribe: no route takes what 'a' delivers (add a route with 'from: "
          "{broker: shop}', or remove the subscription)",
          "c.yaml:7:9: warning: brokers.shop.subscribe: the private queue on 'amq.topic' misses what is published "
          "while the bridge is not connected (name a 'queue' with 'declare' and 'bind' to keep it)",
          "c.yaml:7:9: error: brokers.shop.subscribe: no route takes what 'amq.topic' delivers (add a route with "
          "'from: {broker: shop}', or remove the subscription)",
          "c.yaml:9:70: error: brokers.lake.subscribe: no route takes what 't' delivers (add a route with 'from: "
          "{broker: lake}', or remove the subscription)"));
}

TEST(Check, RoutesThatNothingReaches) {
  EXPECT_THAT(
      check_text("brokers:\n"
                 "  shop: {type: amqp, url: amqp://localhost}\n"
                 "  lake: {type: kafka, bootstrap_servers: localhost:9092, subscribe: [{topic: t}]}\n"
                 "routes:\n"
                 "  - {name: a, from: {broker: lake, target: 'other.#'}, to: {broker: shop, target: x}}\n"
                 "  - {name: b, from: {broker: shop}, to: {broker: lake, target: x}}\n"
                 "  - {name: c, from: {broker: lake}, to: {broker: shop, target: x}}\n"),
      ElementsAre("c.yaml:5:21: error: routes.a.from: nothing that broker 'lake' subscribes to can have a target "
                  "'other.#' (add an entry to brokers.lake.subscribe)",
                  "c.yaml:6:21: error: routes.b.from: broker 'shop' subscribes to nothing (add a queue: here, or an "
                  "entry to brokers.shop.subscribe)"));
}

TEST(Check, TargetsThatARegularExpressionCannotBring) {
  EXPECT_THAT(
      check_text("brokers:\n"
                 "  shop: {type: amqp, url: amqp://localhost}\n"
                 "  lake: {type: kafka, bootstrap_servers: k, subscribe: [{topic: '^a\\..*'}, {topic: '^b\\..*'}]}\n"
                 "routes:\n"
                 "  - {name: r, from: {broker: lake, target: a.x}, to: {broker: shop, target: x}}\n"
                 "  - {name: s, from: {broker: lake, target: c.x}, to: {broker: shop, target: x}}\n"
                 "  - {name: t, from: {broker: lake, target: 'c.#'}, to: {broker: shop, target: x}}\n"),
      ElementsAre("c.yaml:6:21: error: routes.s.from: nothing that broker 'lake' subscribes to can have a target 'c.x' "
                  "(add an entry to brokers.lake.subscribe)"))
      << "whether a pattern and an expression have a target in common is not known";
  EXPECT_THAT(check_text("brokers:\n"
                         "  shop: {type: amqp, url: amqp://localhost}\n"
                         "  lake: {type: kafka, bootstrap_servers: k, subscribe: [{topic: '^a\\..*'}, {topic: b}]}\n"
                         "routes: [{name: r, from: {broker: lake, target: b}, to: {broker: shop, target: x}}]\n"),
              ElementsAre(testing::StartsWith(
                  "c.yaml:3:57: error: brokers.lake.subscribe: no route takes what '^a\\..*' delivers")));
}

TEST(Check, ReplyAddressesThatNothingLimits) {
  std::string to_handler =
      "handlers: {h: {plugin: h.so}}\nroutes: [{name: r, from: {broker: shop}, to: {handler: h}}]\n";
  auto warning =
      testing::StartsWith("c.yaml:2:3: warning: brokers.shop: who sends a request may have its answer written");
  EXPECT_THAT(check_text("brokers:\n  shop: {type: amqp, url: amqp://localhost, subscribe: {queue: q}}\n" + to_handler),
              ElementsAre(warning));
  EXPECT_THAT(check_text("brokers:\n  shop: {type: amqp, url: amqp://localhost, subscribe: {queue: q}, allow_reply_to: "
                         "[a]}\n" +
                         to_handler),
              IsEmpty());
  EXPECT_THAT(check_text("brokers:\n  shop: {type: memory}\n" + to_handler), IsEmpty()) << "nobody is outside";
}

TEST(Check, MemoryTargetsThatNobodyTakes) {
  EXPECT_THAT(
      check_text(kTwo.substr(0, kTwo.rfind("  lake")) +
                 "  local: {type: memory}\n"
                 "routes:\n"
                 "  - {name: r, from: {broker: shop, target: ask}, to: [{broker: local, target: x}, {broker: local}, "
                 "{broker: local, target: 'y.{key}'}, {broker: local, target: 'y.{key:-none}'}]}\n"
                 "  - {name: s, from: {broker: shop}, to: {broker: local, target: taken}}\n"
                 "  - {name: t, from: {broker: local, target: 'tak*.#'}, to: {broker: shop, target: y}}\n"
                 "  - {name: u, from: {broker: local, target: taken}, to: {broker: shop, target: y}}\n"),
      ElementsAre("c.yaml:5:79: error: routes.r.to: no route takes 'x' from memory broker 'local' (add a route with "
                  "'from: {broker: local, target: x}')",
                  "c.yaml:5:83: error: routes.r.to: no route takes 'ask' from memory broker 'local' (add a route "
                  "with 'from: {broker: local, target: ask}')",
                  HasSubstr("error: routes.r.to: no route takes 'y.none' from memory broker 'local'")));
}

TEST(Check, DeadLettersThatAreReadByTheirOwnRoute) {
  EXPECT_THAT(
      check_text("brokers:\n"
                 "  shop: {type: amqp, url: amqp://localhost}\n"
                 "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n"
                 "routes:\n"
                 "  - {name: own, from: {broker: shop, queue: dead}, to: {broker: lake, target: x}}\n"
                 "  - name: other\n"
                 "    from: {broker: shop, queue: q}\n"
                 "    to: {broker: lake, target: x}\n"
                 "    failures: {dead_letter: {broker: shop, target: q}}\n"
                 "failures: {dead_letter: {broker: shop, target: dead}}\n"),
      ElementsAre("c.yaml:9:29: error: routes.other.failures.dead_letter: route 'other' reads its own dead letters "
                  "(what fails there would come back for ever; give the route 'failures' of its own)",
                  "c.yaml:10:25: error: failures.dead_letter: route 'own' reads its own dead letters (what fails "
                  "there would come back for ever; give the route 'failures' of its own)"));
}

// Kafka would go on behind it, and nobody would have it any more.
TEST(Check, RejectingWhatComesFromKafka) {
  const std::string kRoutes =
      "routes:\n"
      "  - {name: up, from: {broker: shop, queue: q}, to: {broker: local, target: x}}\n"
      "  - {name: on, from: {broker: local, target: x}, to: {broker: lake, target: x}}\n"
      "  - {name: down, from: {broker: lake, topic: t}, to: {broker: shop, target: x}}\n"
      "  - {name: kept, from: {broker: lake, topic: u}, to: {broker: shop, target: x}, failures: {on_exhausted: "
      "hold}}\n";
  EXPECT_THAT(
      check_text("brokers:\n"
                 "  shop: {type: amqp, url: amqp://localhost}\n"
                 "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n"
                 "  local: {type: memory}\n" +
                 kRoutes + "failures: {on_exhausted: reject}\n"),
      ElementsAre("c.yaml:8:24: error: routes.down.failures: 'on_exhausted: reject' would lose what fails: broker "
                  "'lake' (kafka) has no place for rejected messages (failures: {dead_letter: {broker: ..., target: "
                  "...}}, or {on_exhausted: hold})"));
}

TEST(Check, MemoryTargetsThatAreSplitByHeaders) {
  auto said = [](const std::string& headers, const std::string& wanted) {
    return check_text(kTwo.substr(0, kTwo.rfind("  lake")) +
                      "  local: {type: memory}\n"
                      "routes:\n"
                      "  - {name: r, from: {broker: shop}, to: {broker: local, target: x, headers: " +
                      headers + "}}\n  - {name: s, from: {broker: local, target: x, headers: " + wanted +
                      "}, to: {broker: shop, target: y}}\n");
  };
  for (auto wanted : {"{kind: order-1}", "{kind: 'order-*'}", "{kind: '*'}", "{other: null}", "{other: a}"})
    EXPECT_THAT(said("{kind: order-1}", wanted), IsEmpty()) << wanted;
  for (auto wanted : {"{kind: a}", "{kind: 'a*'}", "{kind: null}", "{kind: 'order-*', n: 4}"})
    EXPECT_THAT(said("{kind: order-1, n: 5}", wanted), ElementsAre(HasSubstr("error: routes.r.to: no route takes 'x'")))
        << wanted;
  EXPECT_THAT(said("{kind: 'order-{key:-}'}", "{kind: a}"), IsEmpty()) << "the message decides";
}

TEST(Check, ARouteThatReadsItsOwnDeadLetters) {
  auto said = [](const std::string& headers, const std::string& wanted) {
    return check_text(
        "brokers: {shop: {type: amqp, url: amqp://localhost}}\n"
        "routes: [{name: r, from: {broker: shop, queue: q, headers: " +
        wanted + "}, to: {broker: shop, target: x}}]\nfailures: {dead_letter: {broker: shop, target: q, headers: " +
        headers + "}}\n");
  };
  EXPECT_THAT(said("{dead: true}", "{dead: 'tr*'}"), ElementsAre(HasSubstr("route 'r' reads its own dead letters")));
  EXPECT_THAT(said("{dead: true}", "{dead: null}"), IsEmpty());
  EXPECT_THAT(said("{dead: true}", "{kind: a}"), IsEmpty()) << "the message decides";
}

TEST(Check, DeadLettersThatAnotherRouteReadsAreFine) {
  EXPECT_THAT(check_text("brokers:\n"
                         "  shop: {type: amqp, url: amqp://localhost}\n"
                         "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n"
                         "routes:\n"
                         "  - {name: a, from: {broker: shop, queue: q}, to: {broker: lake, target: x}}\n"
                         "  - {name: again, from: {broker: shop, queue: dead}, to: {broker: lake, target: x}, "
                         "failures: {dead_letter: {broker: lake, target: last}}}\n"
                         "failures: {dead_letter: {broker: shop, target: dead}}\n"),
              IsEmpty());
}

TEST(Check, ABridgeWithoutADeadLetterIsWarnedOfOnce) {
  auto routes = [](const std::string& more) {
    return kTwo + "routes:\n  - {name: r, from: {broker: shop, target: a}, to: {broker: lake, target: x}" + more +
           "}\n  - {name: s, from: {broker: shop, target: b}, to: {broker: lake, target: x}}\n";
  };
  EXPECT_THAT(check_text(routes(""), true),
              ElementsAre("c.yaml:5:5: warning: failures: no dead_letter: what cannot be delivered is held where it is "
                          "until somebody mends the cause (as by route 'r') (failures: {dead_letter: {broker: shop, "
                          "target: mombridge.dead}})"));
  EXPECT_THAT(check_text(routes(", failures: {dead_letter: {broker: shop, target: d}}"), true),
              ElementsAre(HasSubstr("as by route 's'")));
  EXPECT_THAT(check_text(routes("") + "failures: {dead_letter: {broker: shop, target: d}}\n", true), IsEmpty());
  EXPECT_THAT(check_text(routes("") + "failures: {on_exhausted: reject}\n", true), IsEmpty());
  EXPECT_THAT(check_text("brokers: {local: {type: memory}}\n"
                         "handlers: {h: {plugin: h.so}}\n"
                         "routes: [{from: {broker: local, target: a}, to: {handler: h}}]\n",
                         true),
              IsEmpty());
}

TEST(Check, AQuorumQueueThatWouldDropMessages) {
  auto file = [](const std::string& declare, const std::string& more = "") {
    return "brokers:\n"
           "  shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: q, declare: {" +
           declare + "}" + more +
           "}]}\n"
           "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n"
           "routes: [{name: r, from: {broker: shop}, to: {broker: lake, target: x}}]\n";
  };
  EXPECT_THAT(check_text(file("type: quorum")),
              ElementsAre(HasSubstr("warning: brokers.shop.subscribe: quorum queue 'q' has no x-dead-letter-exchange, "
                                    "and route 'r' no dead_letter: RabbitMQ drops")));
  for (auto& quiet : {file("type: quorum") + "failures: {dead_letter: {broker: lake, target: d}}\n",
                      file("type: quorum, arguments: {x-dead-letter-exchange: dlx}"),
                      file("type: quorum, arguments: {x-delivery-limit: -1}"),
                      file("type: quorum", ", delivery_limit: 0"), file("type: classic"), file("")})
    EXPECT_THAT(check_text(quiet), IsEmpty()) << quiet;
}

}  // namespace
}  // namespace mombridge::routing
