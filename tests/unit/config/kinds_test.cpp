// What each kind of broker makes of its section.

#include "loading.hpp"
#include "tls/making.hpp"

namespace mombridge::config::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::SizeIs;

template <class Settings>
const Settings& settings(const Loaded& loaded, const std::string& name) {
  return dynamic_cast<const Settings&>(*loaded.config.broker(name)->settings);
}

TEST(Amqp, DeliveryLimit) {
  auto loaded = load_text(
      "brokers:\n  shop:\n    type: amqp\n    url: amqp://localhost\n    subscribe:\n"
      "      - {queue: a, delivery_limit: 3}\n      - {queue: b, delivery_limit: 0}\n      - {queue: c}\n"
      "routes:\n"
      "  - {from: {broker: shop, queue: c, delivery_limit: 7}, to: {broker: shop, target: x}}\n"
      "  - {name: n, from: {broker: shop, queue: c, delivery_limit: 7}, to: {broker: shop, target: x}}\n");
  EXPECT_THAT(loaded.said, IsEmpty());
  auto& s = settings<amqp::Settings>(loaded, "shop");
  EXPECT_EQ(s.subscriptions[0].delivery_limit, 3);
  EXPECT_EQ(s.subscriptions[1].delivery_limit, 0);
  EXPECT_EQ(s.subscriptions[2].delivery_limit, 7) << "what only a route says holds, too";
  auto wrong = load_text(
      "brokers:\n  shop:\n    type: amqp\n    url: amqp://localhost\n    subscribe:\n"
      "      - {queue: a, delivery_limit: 3}\n      - {exchange: amq.topic, delivery_limit: 3}\n"
      "routes:\n"
      "  - {from: {broker: shop, queue: a, delivery_limit: 7}, to: {broker: shop, target: x}}\n"
      "  - {name: n, from: {broker: shop, delivery_limit: 7}, to: {broker: shop, target: x}}\n");
  EXPECT_THAT(wrong.said,
              ElementsAre(HasSubstr("c.yaml:7:31: error: brokers.shop.subscribe[1].delivery_limit: only with"),
                          HasSubstr("another delivery_limit of the queue is given elsewhere"),
                          HasSubstr("delivery_limit: only with queue:")));
}

TEST(Amqp, TokenInsteadOfAPassword) {
  auto section = [](const std::string& keys) {
    return "brokers:\n  shop:\n    type: amqp\n    " + keys + "\n    token: {file: t}\nroutes: []\n";
  };
  auto loaded = load_text(section("url: [amqp://one, amqp://u@two]"), false);
  EXPECT_THAT(loaded.said, IsEmpty());
  auto& s = settings<amqp::Settings>(loaded, "shop");
  ASSERT_TRUE(s.token);
  ASSERT_THAT(s.endpoints, SizeIs(2));
  EXPECT_EQ(s.endpoints[0].user, "") << "the token says who it is";
  EXPECT_EQ(s.endpoints[1].user, "u");
  EXPECT_THAT(load_text(section("url: amqp://u:p@one"), false).said,
              ElementsAre(HasSubstr("brokers.shop.url: a password beside token:")));
  EXPECT_THAT(load_text(section("url: amqp://one\n    password: p"), false).said,
              ElementsAre(HasSubstr("brokers.shop.password: beside token:")));
  EXPECT_THAT(load_text(section("url: amqps://one\n    sasl: {mechanism: EXTERNAL}"), false).said,
              Contains(HasSubstr("brokers.shop.token: sasl: EXTERNAL has no use for it")));
}

TEST(Amqp, Settings) {
  auto loaded = load_text(
      "name: b\nbrokers:\n  shop:\n    type: amqp\n    url: [amqp://u@one/v, amqp://two:5673]\n    password: p\n    "
      "appname: app\n"
      "    reconnect_delay: 2s\n    reconnect_delay_max: 1m\n    heartbeat: 0\n    connect_timeout: 3s\n    "
      "prefetch_count: 7\n"
      "    prefetch_size: 1MiB\n    max_message_size: 2MiB\n    exchange: e\n    reply_exchange: r\n    "
      "accept_replies: false\n"
      "    tls: null\n    allow_reply_to: [a.*, b]\nroutes: []\n");
  EXPECT_THAT(loaded.said, IsEmpty());
  auto& s = settings<amqp::Settings>(loaded, "shop");
  ASSERT_THAT(s.endpoints, SizeIs(2));
  EXPECT_EQ(s.endpoints[0].user, "u");
  EXPECT_EQ(s.endpoints[0].password.read().value.reveal(), "p");
  EXPECT_EQ(s.endpoints[1].port, "5673");
  EXPECT_EQ(s.endpoints[1].password.read().value.reveal(), "p");
  EXPECT_EQ(s.appname, "app");
  EXPECT_EQ(s.reconnect_delay, 2s);
  EXPECT_EQ(s.reconnect_delay_max, 1min);
  EXPECT_EQ(s.heartbeat, 0s);
  EXPECT_EQ(s.connect_timeout, 3s);
  EXPECT_EQ(s.prefetch_count, 7);
  EXPECT_EQ(s.prefetch_size, 1u << 20);
  EXPECT_EQ(s.max_message_size, 2u << 20);
  EXPECT_EQ(s.publishes.exchange, "e");
  EXPECT_EQ(s.replies.exchange, "r");
  EXPECT_EQ(s.direct_replies.exchange, "r");
  EXPECT_EQ(s.reply_options("rpc.me"), &s.replies);
  EXPECT_TRUE(s.replies.mandatory);
  EXPECT_EQ(s.reply_options("amq.rabbitmq.reply-to.g1h2"), &s.direct_replies);
  EXPECT_FALSE(s.direct_replies.mandatory) << "RabbitMQ 3.10 returns what it delivers there";
  EXPECT_THAT(s.allow_reply_to, ElementsAre("a.*", "b"));
  EXPECT_THAT(s.own_names, ElementsAre("b.replies", "b.dead"));
}

Loaded amqp_section(const std::string& keys) {
  return load_text("brokers:\n  shop: {type: amqp, " + keys + "}\nroutes: []\n");
}

TEST(Amqp, UrlsWithTlsAndWithoutIt) {
  auto loaded =
      amqp_section("url: [amqps://one, amqp://two, amqps://three:1], tls: {server_name: rabbit, min_version: '1.3'}");
  EXPECT_THAT(loaded.said, IsEmpty());
  auto& s = settings<amqp::Settings>(loaded, "shop");
  ASSERT_THAT(s.endpoints, SizeIs(3));
  ASSERT_TRUE(s.endpoints[0].tls);
  EXPECT_EQ(s.endpoints[0].tls->server_name, "rabbit");
  EXPECT_EQ(s.endpoints[0].port, "5671");
  EXPECT_FALSE(s.endpoints[1].tls);
  EXPECT_EQ(s.endpoints[2].tls, s.endpoints[0].tls);
  EXPECT_THAT(s.addresses, ElementsAre("one:5672//", "two:5672//", "three:1//"))
      << "one broker, by either of its ports";
  auto plain = amqp_section("url: amqps://one");
  EXPECT_THAT(plain.said, IsEmpty());
  EXPECT_TRUE(settings<amqp::Settings>(plain, "shop").endpoints[0].tls) << "the system's CAs do";
}

TEST(Amqp, TlsWithoutAUrlThatAsksForIt) {
  EXPECT_THAT(amqp_section("url: amqp://one, tls: {}").said,
              ElementsAre(HasSubstr("brokers.shop.tls: no url asks for TLS (amqps://")));
}

TEST(Amqp, External) {
  tls::test::Folder folder;
  auto client = tls::test::Authority().issue({.name = "bridge"});
  auto tls = "tls: {cert: " + folder.write("c.pem", client.certificate) +
             ", key: " + folder.write("c.key", client.key) + "}, ";
  auto external = std::string("sasl: {mechanism: EXTERNAL}, ");
  auto loaded = amqp_section("url: amqps://bridge@one, " + tls + external + "subscribe: [{queue: q}]");
  EXPECT_THAT(loaded.said, Not(Contains(HasSubstr("error"))));
  auto& s = settings<amqp::Settings>(loaded, "shop");
  EXPECT_EQ(s.mechanism, amqp::Mechanism::external);
  EXPECT_EQ(s.endpoints[0].user, "bridge");
  auto nameless = amqp_section("url: amqps://one, " + tls + external + "subscribe: [{queue: q}]");
  EXPECT_THAT(nameless.said, Contains(HasSubstr("warning: brokers.shop.url: without a user's name")));
  EXPECT_EQ(settings<amqp::Settings>(nameless, "shop").endpoints[0].user, "");
  EXPECT_THAT(amqp_section(external + "url: amqps://one").said,
              ElementsAre(HasSubstr("EXTERNAL needs a client certificate")));
  EXPECT_THAT(amqp_section("url: [amqps://one, amqp://two], " + tls + external).said,
              ElementsAre(HasSubstr("url[1]: sasl: EXTERNAL needs TLS (amqps://)")));
  EXPECT_THAT(amqp_section("password: x, url: amqps://one, " + tls + external).said,
              Contains(HasSubstr("password: sasl: EXTERNAL has no use for it")));
  EXPECT_THAT(amqp_section("url: amqps://u:p@one, " + tls + external).said,
              Contains(HasSubstr("url: a password, which sasl: EXTERNAL has no use for")));
}

TEST(Amqp, Plain) {
  EXPECT_THAT(amqp_section("url: amqp://localhost, sasl: {mechanism: PLAIN}").said, IsEmpty());
  EXPECT_THAT(amqp_section("url: amqp://localhost, sasl: {}").said, ElementsAre(HasSubstr("missing key 'mechanism'")));
  EXPECT_THAT(amqp_section("url: amqp://localhost, sasl: {mechanism: SCRAM}").said,
              ElementsAre(HasSubstr("unknown value 'SCRAM' (one of PLAIN, EXTERNAL)")));
  EXPECT_THAT(amqp_section("url: amqp://localhost, sasl: {mechanism: PLAIN, username: u, password: p}").said,
              ElementsAre(HasSubstr("the user stands in the url"), HasSubstr("password: stands beside url:")));
}

TEST(Amqp, GiveBackMayBeSwitchedOff) {
  auto text = [](const std::string& value) {
    return "brokers:\n  shop: {type: amqp, url: amqp://localhost, give_back_after: " + value + "}\nroutes: []\n";
  };
  auto off = load_text(text("0"));
  EXPECT_THAT(off.said, IsEmpty());
  EXPECT_EQ(settings<amqp::Settings>(off, "shop").give_back_after, 0s);
  EXPECT_THAT(load_text(text("500ms")).said, ElementsAre(testing::HasSubstr("less than 1 s")));
}

TEST(Amqp, QueuesThatAreDeletedWithoutTheBridgeAreWarnedOf) {
  for (auto [declare, said] : {std::pair{"{auto_delete: true}", "with its last consumer"},
                               {"{durable: false, exclusive: true}", "with the bridge's connection"},
                               {"{arguments: {x-expires: 8000}}", "x-expires"}})
    EXPECT_THAT(
        load_text("brokers:\n  shop:\n    type: amqp\n    url: amqp://localhost\n    subscribe: [{queue: q, declare: " +
                  std::string(declare) + "}]\nroutes: []\n")
            .said,
        ElementsAre(testing::AllOf(testing::HasSubstr("warning"), testing::HasSubstr(said))));
}

TEST(Amqp, HowManyConnectionsItNeeds) {
  amqp::Settings s;
  EXPECT_EQ(amqp::connections_needed(s), "needs 1 AMQP connection");
  s.subscriptions.resize(1);
  EXPECT_EQ(amqp::connections_needed(s), "needs 2 AMQP connections, one to publish and one for its subscription");
  s.subscriptions.resize(3);
  EXPECT_EQ(amqp::connections_needed(s),
            "needs 4 AMQP connections, one to publish and one for each of its 3 subscriptions");
}

TEST(Amqp, Subscriptions) {
  auto loaded = load_text(
      "brokers:\n  shop:\n    type: amqp\n    url: amqp://localhost\n    subscribe:\n      - queue: theirs\n"
      "      - queue: ours\n        declare: {type: quorum, arguments: {x-max-length: 5, x-overflow: reject-publish, "
      "x-single-active-consumer: true, x-text: \"5\", x-real: 1.5}}\n"
      "        bind: [{exchange: amq.topic, routing_key: [a.#, b]}, {exchange: f, routing_key: '#'}]\n"
      "      - exchange: amq.topic\n        routing_key: \"*.orange.*\"\n      - exchange: amq.fanout\n        "
      "routing_key: x\n      - {exchange: amq.topic, target_from: \"header:t\"}\n"
      "      - {queue: temp, declare: {durable: false, auto_delete: true, exclusive: true}}\nroutes: []\n");
  EXPECT_THAT(loaded.said, ElementsAre(testing::HasSubstr("declare.exclusive: an exclusive queue is deleted")));
  auto& s = settings<amqp::Settings>(loaded, "shop");
  ASSERT_THAT(s.subscriptions, SizeIs(6));
  EXPECT_EQ(s.subscriptions[0].source, "theirs");
  EXPECT_THAT(s.subscriptions[0].targets, ElementsAre("#"));
  EXPECT_FALSE(s.subscriptions[0].declare);
  EXPECT_FALSE(s.subscriptions[0].transient);

  auto& ours = s.subscriptions[1];
  ASSERT_TRUE(ours.declare);
  EXPECT_TRUE(ours.declare->durable);
  EXPECT_THAT(ours.declare->arguments,
              ElementsAre(Pair("x-max-length", amqp::Argument(int64_t{5})),
                          Pair("x-overflow", amqp::Argument(std::string("reject-publish"))),
                          Pair("x-queue-type", amqp::Argument(std::string("quorum"))),
                          Pair("x-real", amqp::Argument(1.5)), Pair("x-single-active-consumer", amqp::Argument(true)),
                          Pair("x-text", amqp::Argument(std::string("5")))));
  ASSERT_THAT(ours.bindings, SizeIs(2));
  EXPECT_EQ(ours.bindings[0].exchange, "amq.topic");
  EXPECT_THAT(ours.bindings[0].routing_keys, ElementsAre("a.#", "b"));
  EXPECT_THAT(ours.bindings[1].routing_keys, ElementsAre("#"));

  EXPECT_TRUE(s.subscriptions[2].queue.empty());
  EXPECT_TRUE(s.subscriptions[2].transient);
  EXPECT_THAT(s.subscriptions[2].targets, ElementsAre("*.orange.*"));
  EXPECT_THAT(s.subscriptions[3].targets, ElementsAre("#"));
  EXPECT_THAT(s.subscriptions[3].bindings[0].routing_keys, ElementsAre("x"));
  EXPECT_EQ(s.subscriptions[4].target_from, "t");
  auto& temporary = *s.subscriptions[5].declare;
  EXPECT_TRUE(!temporary.durable && temporary.auto_delete && temporary.exclusive);
}

TEST(Amqp, ArgumentsOfBindingsAndConsumers) {
  auto loaded = load_text(
      "brokers:\n  shop:\n    type: amqp\n    url: amqp://localhost\n    subscribe:\n"
      "      - {queue: q, arguments: {x-priority: 10}, bind: [{exchange: h, arguments: {x-match: all, kind: order, n: "
      "3, s: "
      "\"3\"}}]}\n"
      "      - {exchange: amq.headers, arguments: {x-match: any, a: true}}\nroutes: []\n");
  EXPECT_THAT(loaded.said, IsEmpty());
  auto& s = settings<amqp::Settings>(loaded, "shop");
  ASSERT_THAT(s.subscriptions, SizeIs(2));
  EXPECT_THAT(s.subscriptions[0].arguments, ElementsAre(Pair("x-priority", amqp::Argument(int64_t{10}))));
  EXPECT_THAT(
      s.subscriptions[0].bindings[0].arguments,
      ElementsAre(Pair("kind", amqp::Argument(std::string("order"))), Pair("n", amqp::Argument(int64_t{3})),
                  Pair("s", amqp::Argument(std::string("3"))), Pair("x-match", amqp::Argument(std::string("all")))));
  EXPECT_THAT(s.subscriptions[1].bindings[0].arguments,
              ElementsAre(Pair("a", amqp::Argument(true)), Pair("x-match", amqp::Argument(std::string("any")))));
  EXPECT_TRUE(s.subscriptions[1].arguments.empty());
  EXPECT_THAT(s.subscriptions[1].targets, ElementsAre("#")) << "a headers exchange does not look at keys";
}

TEST(Amqp, WarnsOfWhatABrokerMayRefuseOrNotDeliver) {
  auto loaded = load_text(
      "brokers:\n  shop:\n    type: amqp\n    url: amqp://localhost\n    subscribe:\n"
      "      - {queue: a, declare: {durable: false}}\n"
      "      - {exchange: own}\n"
      "      - {exchange: own2, routing_key: '#'}\n"
      "      - {exchange: amq.direct, routing_key: 'a.*'}\nroutes: []\n");
  EXPECT_THAT(
      loaded.said,
      ElementsAre(testing::HasSubstr("6:39: warning: brokers.shop.subscribe[0].declare.durable: a queue that is "
                                     "neither durable nor exclusive"),
                  testing::HasSubstr("7:20: warning: brokers.shop.subscribe[1].exchange: without a routing_key"),
                  testing::HasSubstr("9:45: warning: brokers.shop.subscribe[3].routing_key: a direct exchange "
                                     "takes 'a.*' as it is")));
}

TEST(Amqp, DeclaresADeadLetterAsItIsTold) {
  auto loaded = load_text(kBrokers +
                          "routes:\n- {from: {broker: shop, queue: q}, to: {broker: lake, target: a}, failures: "
                          "{dead_letter: {broker: lake, target: dead.topic, declare: {partitions: 3}}}}\n"
                          "failures: {dead_letter: {broker: shop, target: letters, declare: {type: quorum}}}\n");
  EXPECT_THAT(loaded.said, IsEmpty());
  auto& shop = settings<amqp::Settings>(loaded, "shop");
  EXPECT_THAT(shop.declares, ElementsAre("letters"));
  EXPECT_THAT(shop.own_names, testing::Contains("letters"));
  EXPECT_THAT(shop.declarations.at("letters").arguments,
              ElementsAre(Pair("x-queue-type", amqp::Argument(std::string("quorum")))));
  auto& lake = settings<kafka::Settings>(loaded, "lake");
  EXPECT_THAT(lake.declares, ElementsAre("dead.topic"));
  EXPECT_THAT(lake.partitions, ElementsAre(Pair("dead.topic", 3)));
}

TEST(Amqp, RoutesShareASubscription) {
  auto loaded =
      load_text(kBrokers +
                "routes:\n- {from: {broker: shop, queue: q}, to: {broker: lake, target: a}}\n"
                "- {from: {broker: shop, queue: q, declare: {type: quorum}, bind: {exchange: x, routing_key: k}}, to: "
                "{broker: lake, target: b}}\n"
                "- {from: {broker: shop, queue: r}, to: {broker: lake, target: c}}\n- {from: {broker: shop}, "
                "to: {broker: lake, target: d}}\n");
  EXPECT_THAT(loaded.said, IsEmpty());
  auto& routes = loaded.config.routes;
  EXPECT_EQ(routes.at(0).from.subscription, 0u);
  EXPECT_EQ(routes.at(1).from.subscription, 0u);
  EXPECT_EQ(routes.at(2).from.subscription, 1u);
  EXPECT_FALSE(routes.at(3).from.subscription);
  auto& s = settings<amqp::Settings>(loaded, "shop");
  EXPECT_TRUE(s.subscriptions.at(0).declare);
  EXPECT_THAT(s.subscriptions[0].bindings, SizeIs(1));
}

TEST(Amqp, RouteMayNameASubscriptionOfTheBroker) {
  auto loaded = load_text(
      "brokers: {shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: p}, {queue: q}]}}\n"
      "routes:\n- {from: {broker: shop, queue: q}, to: {broker: shop, target: a}}\n");
  EXPECT_THAT(loaded.said, IsEmpty());
  EXPECT_EQ(loaded.config.routes.at(0).from.subscription, 1u);
  EXPECT_FALSE(loaded.config.broker("shop")->settings->subscription(1).of_route);
}

TEST(Kafka, Settings) {
  auto loaded = load_text(
      "brokers:\n  lake:\n    type: kafka\n    bootstrap_servers: [\"k1:9092\", \"k2, SSL://[::1]:9093\"]\n    "
      "appname: app\n    prefetch_count: 5\n    prefetch_size: 1MB\n"
      "    reconnect_delay: 1m\n    librdkafka: {linger.ms: 5, compression.type: lz4, partition.assignment.strategy: "
      "cooperative-sticky, sasl.password: \"a b\"}\n"
      "    subscribe:\n      - topic: orders\n        start: latest\n        on_offset_lost: earliest\n      - topic: "
      "\"^telemetry\\\\..*\"\n      - {topic: t, target_from: \"header:x\"}\nroutes: []\n");
  EXPECT_THAT(loaded.said, IsEmpty());
  auto& s = settings<kafka::Settings>(loaded, "lake");
  EXPECT_EQ(s.bootstrap_servers, "k1:9092,k2, SSL://[::1]:9093");
  EXPECT_EQ(s.group_id, "mombridge");
  EXPECT_EQ(s.appname, "app");
  EXPECT_EQ(s.prefetch_count, 5u);
  EXPECT_EQ(s.prefetch_size, 1'000'000u);
  EXPECT_EQ(s.reconnect_delay, 1min);
  EXPECT_EQ(s.reconnect_delay_max, 1min);
  std::vector<std::pair<std::string, std::string>> passed;
  for (auto& key : s.librdkafka) passed.emplace_back(key.name, key.value);
  EXPECT_THAT(passed,
              ElementsAre(Pair("linger.ms", "5"), Pair("compression.type", "lz4"),
                          Pair("partition.assignment.strategy", "cooperative-sticky"), Pair("sasl.password", "a b")));
  EXPECT_THAT(s.addresses, ElementsAre("k1:9092", "k2:9092", "127.0.0.1:9093"));
  ASSERT_THAT(s.subscriptions, SizeIs(3));
  EXPECT_EQ(s.subscriptions[0].start, kafka::Start::latest);
  EXPECT_EQ(s.subscriptions[0].on_offset_lost, kafka::OnOffsetLost::earliest);
  EXPECT_THAT(s.subscriptions[0].targets, ElementsAre("orders"));
  EXPECT_EQ(s.subscriptions[1].topic, "^telemetry\\..*");
  EXPECT_THAT(s.subscriptions[1].targets, ElementsAre("#"));
  EXPECT_THAT(s.subscriptions[2].targets, ElementsAre("#"));
}

TEST(Kafka, Security) {
  auto loaded = load_text(
      "brokers:\n  plain: {type: kafka, bootstrap_servers: k}\n"
      "  tls: {type: kafka, bootstrap_servers: k, tls: {}, librdkafka: {ssl.ca.location: /etc/ca.pem}}\n"
      "  both: {type: kafka, bootstrap_servers: k, tls: {}, sasl: {mechanism: SCRAM-SHA-512, username: bridge, "
      "password: "
      "\"a b\"}}\n"
      "  kerberos: {type: kafka, bootstrap_servers: k, sasl: {mechanism: GSSAPI, service_name: kf, principal: "
      "bridge/h@SHOP, keytab: /etc/bridge.keytab}}\n"
      "  local: {type: kafka, bootstrap_servers: \"localhost:1,127.0.0.1:2\", sasl: {mechanism: PLAIN, username: u, "
      "password: p}}\n"
      "routes: []\n");
  EXPECT_THAT(loaded.said, IsEmpty());
  EXPECT_FALSE(settings<kafka::Settings>(loaded, "plain").security.any());
  auto& tls = settings<kafka::Settings>(loaded, "tls").security;
  EXPECT_TRUE(tls.tls && !tls.sasl);
  auto& both = settings<kafka::Settings>(loaded, "both").security;
  ASSERT_TRUE(both.tls && both.sasl);
  EXPECT_EQ(both.sasl->mechanism, kafka::Mechanism::scram_sha_512);
  EXPECT_EQ(both.sasl->username, "bridge");
  EXPECT_EQ(both.sasl->password.read().value.reveal(), "a b");
  auto& kerberos = *settings<kafka::Settings>(loaded, "kerberos").security.sasl;
  EXPECT_EQ(kerberos.service_name, "kf");
  EXPECT_EQ(kerberos.principal, "bridge/h@SHOP");
  EXPECT_EQ(kerberos.keytab, "/etc/bridge.keytab");
}

TEST(Kafka, SecretsOfLibrdkafkaAreNeverShown) {
  auto loaded = load_text(
      "brokers:\n  lake: {type: kafka, bootstrap_servers: k, librdkafka: {sasl.password: hunter2, linger.ms: 1, "
      "client.rack: \"${env:X:-r}\", ssl.keystore.password: hunter3}}\nroutes: []\n");
  std::vector<std::string> secret;
  for (auto& key : settings<kafka::Settings>(loaded, "lake").librdkafka)
    if (key.secret) secret.push_back(key.name);
  EXPECT_THAT(secret, ElementsAre("sasl.password", "client.rack", "ssl.keystore.password"));
}

TEST(Kafka, WarnsOfAMemberIdThatReplicasWouldShare) {
  auto with = [](const std::string& id) {
    return load_text("brokers:\n  lake: {type: kafka, bootstrap_servers: k, librdkafka: {group.instance.id: " + id +
                     "}}\nroutes: []\n")
        .said;
  };
  EXPECT_THAT(with("b1"), ElementsAre(testing::HasSubstr("warning: brokers.lake.librdkafka.group.instance.id: every "
                                                         "replica that reads this file would be the same member")));
  EXPECT_THAT(with("\"${env:X:-b}\""), IsEmpty());
}

TEST(Kafka, RoutesShareASubscription) {
  auto loaded = load_text(kBrokers +
                          "routes:\n- {from: {broker: lake, topic: t, start: latest}, to: {broker: shop, target: a}}\n"
                          "- {from: {broker: lake, topic: t}, to: {broker: shop, target: b}}\n");
  EXPECT_THAT(loaded.said, IsEmpty());
  EXPECT_EQ(loaded.config.routes.at(1).from.subscription, 0u);
  EXPECT_EQ(settings<kafka::Settings>(loaded, "lake").subscriptions.at(0).start, kafka::Start::latest);
}

// The trust decision is one of a subscription: its routes share it, and none turns it off or on for another.
TEST(Kinds, RestoreIsOnUnlessTurnedOff) {
  auto loaded = load_text(
      "brokers:\n  shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: p}, {queue: q, restore: false}, "
      "{exchange: amq.topic, restore: false}]}\n"
      "  lake: {type: kafka, bootstrap_servers: k, subscribe: [{topic: p}, {topic: q, restore: false}]}\n"
      "routes:\n- {from: {broker: shop, queue: q}, to: {broker: lake, target: a}}\n"
      "- {from: {broker: lake, topic: r, restore: false}, to: {broker: shop, target: b}}\n");
  EXPECT_THAT(loaded.said, IsEmpty());
  auto& shop = settings<amqp::Settings>(loaded, "shop").subscriptions;
  ASSERT_THAT(shop, SizeIs(3));
  EXPECT_TRUE(shop[0].restore && !shop[1].restore && !shop[2].restore);
  auto& lake = settings<kafka::Settings>(loaded, "lake").subscriptions;
  ASSERT_THAT(lake, SizeIs(3));
  EXPECT_TRUE(lake[0].restore && !lake[1].restore && !lake[2].restore);
}

TEST(Memory, Settings) {
  auto loaded = load_text(
      "brokers: {local: {type: memory, prefetch_count: 3, subscribe: [{queue: a}, {queue: \"b.#\", target_from: "
      "\"header:x\"}]}}\n"
      "routes: [{from: {broker: local, queue: c}, to: {broker: local, target: b.x}}]\n");
  EXPECT_THAT(loaded.said, IsEmpty());
  auto& s = settings<memory::Settings>(loaded, "local");
  EXPECT_THAT(s.subscriptions, ElementsAre(Field(&Subscription::source, "a"), Field(&Subscription::source, "b.#"),
                                           Field(&Subscription::source, "c")));
  EXPECT_EQ(s.prefetch_count, 3u);
  EXPECT_THAT(s.subscriptions[0].targets, ElementsAre("a"));
  EXPECT_THAT(s.subscriptions[1].targets, ElementsAre("#"));
  EXPECT_TRUE(s.subscriptions[2].of_route);
  EXPECT_EQ(loaded.config.routes.at(0).from.subscription, 2u);
}

}  // namespace
}  // namespace mombridge::config::test
