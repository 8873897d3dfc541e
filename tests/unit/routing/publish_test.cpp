// What a destination is given: target, exchange, key, headers, hops.

#include "world.hpp"

namespace mombridge::routing::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;
using testing::StartsWith;
using testing::UnorderedElementsAre;

const std::string kTwo =
    "brokers:\n"
    "  shop: {type: amqp, url: amqp://localhost, exchange: out, subscribe: [{queue: q}]}\n"
    "  lake: {type: kafka, bootstrap_servers: localhost:9092, subscribe: [{topic: t}]}\n";
const std::string kDead = "failures: {attempts: 3, backoff: 1ms..2ms, dead_letter: {broker: lake, target: dead}}\n";

std::string to_lake(const std::string& to) {
  return kTwo + "routes: [{name: r, from: {broker: shop}, to: {broker: lake, " + to + "}}]\n" + kDead;
}

TEST(Publish, RendersTargetKeyAndHeaders) {
  World world(to_lake("target: 'o.{header.kind}', key: 'k-{target}', headers: {from: '{broker}', n: '{header.n}'}"));
  auto d = std::make_unique<FakeDelivery>("a.b");
  d->header("kind", "new").header("n", Value::of(int64_t{5}));
  EXPECT_TRUE(settled(world.receive("shop", std::move(d)), Settlement::accept));
  ASSERT_THAT(world.broker("lake").sent(), SizeIs(1));
  auto sent = world.broker("lake").sent()[0];
  EXPECT_EQ(sent.target, "o.new");
  EXPECT_EQ(sent.key, "k-a.b");
  EXPECT_THAT(sent.headers,
              UnorderedElementsAre(Pair("mombridge-hops", StartsWith("1 ")), Pair("from", "shop"), Pair("n", "5")));
  EXPECT_TRUE(sent.mandatory);
  EXPECT_EQ(sent.partition, -1);
}

TEST(Publish, HeadersKeepTheTypeThatTheyHaveInTheFile) {
  World world(to_lake("target: o, headers: {delay: 3000, text: '3000', flag: true, half: 0.5, name: '{target}'}"));
  EXPECT_TRUE(settled(world.receive("shop", "a"), Settlement::accept));
  using Kind = Value::Kind;
  auto kinds = world.broker("lake").sent()[0].kinds;
  EXPECT_EQ(kinds["delay"], Kind::i64);
  EXPECT_EQ(kinds["text"], Kind::string);
  EXPECT_EQ(kinds["flag"], Kind::boolean);
  EXPECT_EQ(kinds["half"], Kind::f64);
  EXPECT_EQ(kinds["name"], Kind::string);
  EXPECT_EQ(world.broker("lake").sent()[0].headers["delay"], "3000");
  EXPECT_EQ(world.broker("lake").sent()[0].headers["name"], "a");
}

TEST(Publish, TemplatesWithDefaults) {
  World world(to_lake("target: 'o.{header.kind:-other}', key: '{key:-}', headers: {who: '{header.customer:-none}'}"));
  EXPECT_TRUE(settled(world.receive("shop", "a"), Settlement::accept));
  auto named = std::make_unique<FakeDelivery>("a");
  named->header("kind", "k").header("customer", "ada");
  named->message.key = "k1";
  EXPECT_TRUE(settled(world.receive("shop", std::move(named)), Settlement::accept));
  auto sent = world.broker("lake").sent();
  EXPECT_EQ(sent[0].target, "o.other");
  EXPECT_EQ(sent[0].key, "");
  EXPECT_EQ(sent[0].headers["who"], "none");
  EXPECT_EQ(sent[1].target, "o.k");
  EXPECT_EQ(sent[1].key, "k1");
  EXPECT_EQ(sent[1].headers["who"], "ada");
}

TEST(Publish, KeepsTheKeyUnlessTheRouteSaysOtherwise) {
  World world(kTwo +
              "routes: [{name: r, from: {broker: lake}, to: [{broker: shop, target: x}, {broker: shop, target: y, key: "
              "fixed}]}]\n");
  auto d = std::make_unique<FakeDelivery>("t");
  d->message.key = "k";
  EXPECT_TRUE(settled(world.receive("lake", std::move(d)), Settlement::accept));
  EXPECT_EQ(world.broker("shop").sent()[0].key, "k");
  EXPECT_EQ(world.broker("shop").sent()[1].key, "fixed");
}

TEST(Publish, GoesToTheBrokersExchangeOrTheDestinations) {
  World world(kTwo +
              "routes: [{name: r, from: {broker: lake}, to: [{broker: shop, target: a}, {broker: shop, target: b, "
              "exchange: ''},"
              " {broker: shop, target: c, exchange: own, mandatory: false}]}]\n");
  EXPECT_TRUE(settled(world.receive("lake", "t"), Settlement::accept));
  auto sent = world.broker("shop").sent();
  ASSERT_THAT(sent, SizeIs(3));
  EXPECT_EQ(sent[0].exchange, "out");
  EXPECT_EQ(sent[1].exchange, "");
  EXPECT_EQ(sent[2].exchange, "own");
  EXPECT_TRUE(sent[0].mandatory);
  EXPECT_FALSE(sent[2].mandatory);
}

// Sent again it would lack the same: no attempts are wasted on it.
TEST(Publish, WhatATemplateLacksIsARefusalAtOnce) {
  for (std::string to :
       {"target: 'o.{header.kind}'", "target: o, key: 'x{header.kind}'", "target: o, headers: {h: '{header.kind}'}"}) {
    World world(to_lake(to));
    EXPECT_TRUE(settled(world.receive("shop", "a"), Settlement::accept));
    auto sent = world.broker("lake").sent();
    ASSERT_THAT(sent, SizeIs(1)) << to;
    EXPECT_EQ(sent[0].target, "dead");
    EXPECT_THAT(sent[0].headers["mombridge-dead-reason"],
                HasSubstr("needs the header 'kind' and the message lacks it"));
    EXPECT_EQ(sent[0].headers["mombridge-dead-attempts"], "1");
  }
}

TEST(Publish, AllowConfinesTheTarget) {
  World world(to_lake("target: '{header.to}', allow: ['pub.*', exact]"));
  auto send = [&](std::string_view to) {
    auto d = std::make_unique<FakeDelivery>("a");
    d->header("to", to);
    EXPECT_TRUE(settled(world.receive("shop", std::move(d)), Settlement::accept));
    return world.broker("lake").sent().back();
  };
  EXPECT_EQ(send("pub.x").target, "pub.x");
  EXPECT_EQ(send("exact").target, "exact");
  for (auto to : {"secret", "", "xpub.x", "exactly"}) {
    auto sent = send(to);
    EXPECT_EQ(sent.target, "dead") << to;
    EXPECT_EQ(sent.headers["mombridge-dead-reason"],
              "target '" + std::string(to) + "' is not in the destination's 'allow'");
  }
  EXPECT_EQ(send(std::string_view("pub.\0x", 6)).target, "dead");
}

std::string refused_reason(World& world, std::string_view hops_text) {
  auto d = std::make_unique<FakeDelivery>("a");
  d->header(header::kHops, hops_text);
  EXPECT_TRUE(settled(world.receive("shop", std::move(d)), Settlement::accept));
  return world.broker("lake").sent().back().headers["mombridge-dead-reason"];
}

TEST(Hops, AreCounted) {
  World world(to_lake("target: o"));
  auto hops_after = [&](Value value) {
    auto d = std::make_unique<FakeDelivery>("a");
    d->header(header::kHops, value);
    EXPECT_TRUE(settled(world.receive("shop", std::move(d)), Settlement::accept));
    auto sent = world.broker("lake").sent().back();
    EXPECT_EQ(sent.target, "o");
    auto hops = sent.headers["mombridge-hops"];
    return hops.substr(0, hops.find(' '));
  };
  EXPECT_EQ(hops_after(Value::of("1")), "2");
  EXPECT_EQ(hops_after(Value::of("7")), "8");
  EXPECT_EQ(hops_after(Value::of(int64_t{6})), "7");
  EXPECT_EQ(hops_after(Value::of("nonsense")), "1");
  EXPECT_EQ(hops_after(Value::of(int64_t{-5})), "1");
  EXPECT_EQ(hops_after(Value{}), "1");
}

TEST(Hops, AboveEightIsALoop) {
  World world(to_lake("target: o"));
  EXPECT_EQ(refused_reason(world, "8"), "loop: passed 8 bridges or more");
  EXPECT_EQ(refused_reason(world, "9"), "loop: passed 8 bridges or more");
  EXPECT_EQ(refused_reason(world, "2000000000"), "loop: passed 8 bridges or more");
  EXPECT_EQ(world.broker("lake").sent().back().target, "dead");
}

// The same message again, as it comes back when what a route sends reaches the subscription that it reads.
TEST(Hops, WhatComesBackToARouteIsRefusedAtOnce) {
  World world(to_lake("target: o"));
  EXPECT_TRUE(settled(world.receive("shop", "a"), Settlement::accept));
  auto first = world.broker("lake").sent().back();
  EXPECT_EQ(first.target, "o");
  EXPECT_THAT(refused_reason(world, first.headers["mombridge-hops"]), HasSubstr("has come back"));
  EXPECT_EQ(world.broker("lake").sent().back().target, "dead");
  EXPECT_EQ(world.broker("lake").sent().back().headers["mombridge-hops"], "2")
      << "from the dead letter it may go the same way again";
}

TEST(Hops, AnotherRouteTakesWhatOneHasSent) {
  World world(kTwo +
              "routes: [{name: r, from: {broker: shop, target: a}, to: {broker: lake, target: o}},"
              " {name: s, from: {broker: shop, target: b}, to: {broker: lake, target: p}}]\n" +
              kDead);
  EXPECT_TRUE(settled(world.receive("shop", "a"), Settlement::accept));
  auto hops = world.broker("lake").sent().back().headers["mombridge-hops"];
  auto d = std::make_unique<FakeDelivery>("b");
  d->header(header::kHops, hops);
  EXPECT_TRUE(settled(world.receive("shop", std::move(d)), Settlement::accept));
  auto sent = world.broker("lake").sent().back();
  EXPECT_EQ(sent.target, "p");
  EXPECT_THAT(sent.headers["mombridge-hops"], StartsWith("2" + hops.substr(1)));
}

TEST(Hops, ALoopIsHeldWhereThereIsNoDeadLetter) {
  World world(
      kTwo +
      "routes: [{name: r, from: {broker: shop}, to: {broker: lake, target: o}}]\nfailures: {backoff: 1ms..2ms}\n");
  auto held = count("held");
  auto d = std::make_unique<FakeDelivery>("a");
  d->header(header::kHops, "8");
  auto& delivery = world.receive("shop", std::move(d));
  EXPECT_EQ(count("held"), held + 1);
  EXPECT_EQ(delivery.settled(), 0);
  EXPECT_THAT(world.broker("lake").sent(), IsEmpty());
}

TEST(Publish, CorrelationIdAndReplyAddressGoUntouched) {
  World world(to_lake("target: o"));
  std::string id("\x00\xff\xfe id", 6);
  auto d = std::make_unique<FakeDelivery>("a");
  d->message.correlation_id = id;
  EXPECT_TRUE(settled(world.receive("shop", std::move(d)), Settlement::accept));
  EXPECT_EQ(world.broker("lake").sent()[0].correlation_id, id);
}

TEST(Publish, ARequestThatNoHandlerAnswersIsCounted) {
  World world(to_lake("target: o"));
  auto before = count("requests_forwarded_as_plain");
  auto d = std::make_unique<FakeDelivery>("a");
  d->message.reply_to = "me";
  EXPECT_TRUE(settled(world.receive("shop", std::move(d)), Settlement::accept));
  EXPECT_EQ(count("requests_forwarded_as_plain"), before + 1);
}

TEST(Publish, TheTimestampIsKeptWhereTheDestinationSaysSo) {
  World world(
      kTwo +
      "routes: [{name: r, from: {broker: shop}, to: [{broker: lake, target: a, timestamp: keep}, {broker: lake, "
      "target: b, timestamp: arrival}, {broker: lake, target: c}]}]\n");
  EXPECT_TRUE(settled(world.receive("shop", "t"), Settlement::accept));
  auto sent = world.broker("lake").sent();
  ASSERT_THAT(sent, SizeIs(3));
  EXPECT_EQ(sent[0].record_time, kafka::RecordTime::keep);
  EXPECT_EQ(sent[1].record_time, kafka::RecordTime::own);
  EXPECT_EQ(sent[2].record_time, kafka::RecordTime::own);
}

}  // namespace
}  // namespace mombridge::routing::test
