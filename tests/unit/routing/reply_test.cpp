// What a handler returns goes to the requester, else to the route's reply_to, else it is counted.

#include "routing/reply.hpp"

#include "world.hpp"

namespace mombridge::routing::test {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

std::string config(const std::string& to, const std::string& shop = "") {
  return "brokers:\n"
         "  shop: {type: amqp, url: amqp://localhost, exchange: out, subscribe: [{queue: q}]" +
         shop +
         "}\n"
         "  lake: {type: kafka, bootstrap_servers: localhost:9092, subscribe: [{topic: t}]}\n"
         "handlers: {h: {plugin: h.so}, g: {plugin: g.so}}\n"
         "routes:\n"
         "  - {name: r, from: {broker: shop}, to: " +
         to +
         "}\n"
         "  - {name: k, from: {broker: lake}, to: {handler: h}}\n"
         "failures: {attempts: 2, backoff: 1ms..2ms, dead_letter: {broker: shop, target: dead}}\n";
}
const std::string kNoReplyTo = "{handler: h}";
const std::string kReplyTo = "{handler: h, reply_to: {broker: lake, target: 'res.{target}', headers: {x: '{broker}'}}}";

std::unique_ptr<FakeDelivery> request(std::string_view reply_to) {
  auto d = std::make_unique<FakeDelivery>("ask");
  d->message.reply_to = reply_to;
  d->message.correlation_id = std::string_view("\xff\x00 id", 5);
  d->message.key = "k1";
  return d;
}

void answer(World& world, const std::string& handler = "h", const std::string& body = "answer") {
  world.handler(handler).behave = [body](auto&) {
    return FakeHandler::reply(body, [](OwnedMessage& m) {
      m.message.target = "ignored";
      m.message.correlation_id = "ignored";
      m.message.reply_to = "ignored";
    });
  };
}

TEST(Reply, AnIdThatCameEncodedGoesBackEncoded) {
  World world(config(kReplyTo));
  answer(world);
  auto d = request("rpc.me");
  d->message.id_form = IdForm::encoded;
  EXPECT_TRUE(settled(world.receive("shop", std::move(d)), Settlement::accept));
  EXPECT_FALSE(world.broker("shop").sent().at(0).literal_id);
}

TEST(Reply, GoesToTheRequesterFirst) {
  World world(config(kReplyTo, ", appname: app, reply_exchange: replies"));
  answer(world);
  auto before = count("replies");
  EXPECT_TRUE(settled(world.receive("shop", request("rpc.me")), Settlement::accept));
  EXPECT_THAT(world.broker("lake").sent(), IsEmpty());
  ASSERT_THAT(world.broker("shop").sent(), SizeIs(1));
  auto sent = world.broker("shop").sent()[0];
  EXPECT_EQ(sent.target, "rpc.me");
  EXPECT_EQ(sent.exchange, "replies");
  EXPECT_EQ(sent.body, "answer");
  EXPECT_EQ(sent.correlation_id, std::string("\xff\x00 id", 5));
  EXPECT_TRUE(sent.literal_id);
  EXPECT_EQ(sent.reply_to, std::nullopt);
  EXPECT_EQ(sent.app_id, "app");
  EXPECT_EQ(sent.key, "k1");
  EXPECT_TRUE(sent.mandatory);
  EXPECT_EQ(count("replies"), before + 1);
}

TEST(Reply, ToADirectReplyAddressIsNotMandatory) {
  World world(config(kNoReplyTo));
  answer(world);
  EXPECT_TRUE(settled(world.receive("shop", request("amq.rabbitmq.reply-to.g1h2")), Settlement::accept));
  EXPECT_FALSE(world.broker("shop").sent()[0].mandatory);
}

TEST(Reply, ToKafkaGoesToTheRequestedPartition) {
  World world(config(kNoReplyTo));
  answer(world);
  auto d = request("answers");
  d->message.reply_partition = 3;
  EXPECT_TRUE(settled(world.receive("lake", std::move(d)), Settlement::accept));
  EXPECT_EQ(world.broker("lake").sent()[0].target, "answers");
  EXPECT_EQ(world.broker("lake").sent()[0].partition, 3);
}

TEST(Reply, ElseToTheRoutesReplyTo) {
  World world(config(kReplyTo));
  answer(world);
  auto d = request("");  // an empty address is none
  EXPECT_TRUE(settled(world.receive("shop", std::move(d)), Settlement::accept));
  EXPECT_TRUE(settled(world.receive("shop", "ask"), Settlement::accept));
  auto sent = world.broker("lake").sent();
  ASSERT_THAT(sent, SizeIs(2));
  EXPECT_EQ(sent[0].target, "res.ask");
  EXPECT_EQ(sent[0].body, "answer");
  EXPECT_EQ(sent[0].headers["x"], "shop");
  EXPECT_EQ(sent[0].headers["mombridge-hops"], "1");
  EXPECT_EQ(sent[0].correlation_id, std::string("\xff\x00 id", 5));
  EXPECT_EQ(sent[0].key, "k1");
  EXPECT_EQ(sent[1].key, std::nullopt);
  EXPECT_THAT(world.broker("shop").sent(), IsEmpty());
}

TEST(Reply, TheHandlersOwnKeyStandsAboveTheRequests) {
  World world(config(kReplyTo));
  world.handler("h").behave = [](auto&) {
    return FakeHandler::reply("x", [](OwnedMessage& m) { m.message.key = "own"; });
  };
  auto d = std::make_unique<FakeDelivery>("ask");
  d->message.key = "k1";
  EXPECT_TRUE(settled(world.receive("shop", std::move(d)), Settlement::accept));
  EXPECT_EQ(world.broker("lake").sent()[0].key, "own");
}

TEST(Reply, WithNeitherIsCounted) {
  World world(config(kNoReplyTo));
  answer(world);
  auto before = count("reply_without_address");
  EXPECT_TRUE(settled(world.receive("shop", "ask"), Settlement::accept));
  EXPECT_EQ(count("reply_without_address"), before + 1);
  EXPECT_THAT(world.broker("shop").sent(), IsEmpty());
}

TEST(Reply, ToAnAddressThatIsNotAllowedGoesOnWithoutIt) {
  World world(config(kReplyTo, ", allow_reply_to: ['rpc.*']"));
  answer(world);
  auto before = count("reply_not_allowed");
  EXPECT_TRUE(settled(world.receive("shop", request("orders")), Settlement::accept));
  EXPECT_EQ(count("reply_not_allowed"), before + 1);
  EXPECT_THAT(world.broker("shop").sent(), IsEmpty());
  EXPECT_THAT(world.broker("lake").sent(), SizeIs(1));
  EXPECT_TRUE(settled(world.receive("shop", request("rpc.x")), Settlement::accept));
  EXPECT_THAT(world.broker("shop").sent(), SizeIs(1));
}

TEST(Reply, ByDefaultAnyAddressButTheBridgesOwn) {
  World world(config(kNoReplyTo));
  answer(world);
  auto before = count("reply_not_allowed");
  EXPECT_TRUE(settled(world.receive("shop", request("mombridge.dead")), Settlement::accept));
  EXPECT_TRUE(settled(world.receive("shop", request("mombridge.replies")), Settlement::accept));
  EXPECT_EQ(count("reply_not_allowed"), before + 2);
  EXPECT_THAT(world.broker("shop").sent(), IsEmpty());
}

TEST(Reply, OnlyTheFirstHandlerAnswersTheRequester) {
  World world(
      config("[{broker: lake, target: log}, {handler: h}, {handler: g, reply_to: {broker: lake, target: second}}]"));
  answer(world, "h", "first");
  answer(world, "g", "second");
  auto plain = count("requests_forwarded_as_plain");
  EXPECT_TRUE(settled(world.receive("shop", request("me")), Settlement::accept));
  ASSERT_THAT(world.broker("shop").sent(), SizeIs(1));
  EXPECT_EQ(world.broker("shop").sent()[0].body, "first");
  ASSERT_THAT(world.broker("lake").sent(), SizeIs(2));
  EXPECT_EQ(world.broker("lake").sent()[1].target, "second");
  EXPECT_EQ(count("requests_forwarded_as_plain"), plain);
}

TEST(Reply, ThatComesBackIsSettledAndCountedAndNeverRetried) {
  World world(config(kReplyTo));
  answer(world);
  world.broker("shop").answer({Outcome::refused("returned: NO_ROUTE")});
  auto before = count("reply_undeliverable");
  EXPECT_TRUE(settled(world.receive("shop", request("gone")), Settlement::accept));
  EXPECT_EQ(count("reply_undeliverable"), before + 1);
  EXPECT_EQ(world.broker("shop").sent_count(), 1u);
  EXPECT_EQ(world.handler("h").calls, 1u);
}

TEST(Reply, WaitsForItsBrokerWithoutAskingTheHandlerAgain) {
  World world(config(kReplyTo));
  answer(world);
  world.broker("shop").answer({2, Outcome::away("gone")});
  EXPECT_TRUE(settled(world.receive("shop", request("me")), Settlement::accept));
  EXPECT_EQ(world.broker("shop").sent_count(), 3u);
  EXPECT_EQ(world.broker("shop").sent()[2].body, "answer");
  EXPECT_EQ(world.handler("h").calls, 1u);
}

TEST(Reply, ToTheRouteThatIsRefusedEndsWithTheRequestAsDeadLetter) {
  World world(config(kReplyTo));
  answer(world);
  world.broker("lake").answer({2, Outcome::refused("unknown topic")});
  EXPECT_TRUE(settled(world.receive("shop", "ask"), Settlement::accept));
  EXPECT_EQ(world.broker("lake").sent_count(), 2u);
  EXPECT_EQ(world.handler("h").calls, 1u);
  ASSERT_THAT(world.broker("shop").sent(), SizeIs(1));
  EXPECT_EQ(world.broker("shop").sent()[0].target, "dead");
  EXPECT_EQ(world.broker("shop").sent()[0].body, "body");
}

TEST(Reply, WhatTheRoutesReplyToLacksIsARefusal) {
  World world(config("{handler: h, reply_to: {broker: lake, target: 'res.{header.x}'}}"));
  answer(world);
  EXPECT_TRUE(settled(world.receive("shop", "ask"), Settlement::accept));
  EXPECT_EQ(world.handler("h").calls, 1u);
  EXPECT_EQ(world.broker("shop").sent()[0].headers["mombridge-dead-reason"],
            "'res.{header.x}' needs the header 'x' and the message lacks it");
}

}  // namespace
}  // namespace mombridge::routing::test
