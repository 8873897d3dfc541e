// Requests through broker routes, and the replies that come back.

#include "base/clock.hpp"
#include "world.hpp"

namespace mombridge::routing::test {
namespace {

using mombridge::test::Sent;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr uint32_t kReplies = 1;  ///< of each broker's subscriptions, what its replies come through

std::string config(const std::string& to, const std::string& route = "", const std::string& shop = "",
                   const std::string& replies = "") {
  return "brokers:\n"
         "  shop: {type: amqp, url: amqp://localhost, accept_replies: true, subscribe: [{queue: q}]" +
         shop +
         "}\n"
         "  lake: {type: kafka, bootstrap_servers: k, accept_replies: true, subscribe: [{topic: t}]}\n"
         "  plain: {type: kafka, bootstrap_servers: k}\n"
         "handlers: {h: {plugin: h.so}}\n"
         "routes:\n"
         "  - {name: r, from: {broker: shop}, to: " +
         to + route +
         "}\n"
         "  - {name: back, from: {broker: lake}, to: {broker: shop, target: served}}\n"
         "failures: {attempts: 2, backoff: 1ms..2ms, dead_letter: {broker: plain, target: dead}}\n"
         "replies: {keys: [{id: k1, secret: 0123456789abcdef}]" +
         replies + "}\n";
}
const std::string kToLake = "{broker: lake, target: work}";

std::unique_ptr<FakeDelivery> request(std::string_view reply_to = "rpc.me", std::string_view id = "the id") {
  auto d = std::make_unique<FakeDelivery>("ask", "question");
  d->message.reply_to = reply_to;
  d->message.correlation_id = id;
  return d;
}

std::unique_ptr<FakeDelivery> reply(const Sent& asked, const std::string& body = "answer") {
  auto d = std::make_unique<FakeDelivery>(*asked.reply_to, body);
  d->subscription = kReplies;
  // Behind the delivery's own texts, as the delivery keeps nothing else of ours.
  static std::deque<std::string> ids;
  d->message.correlation_id = ids.emplace_back(*asked.correlation_id);
  return d;
}

/// What went out to `broker` for a request that came from the shop.
Sent ask(World& world, std::unique_ptr<FakeDelivery> d = request(), const std::string& broker = "lake") {
  EXPECT_TRUE(settled(world.receive("shop", std::move(d)), Settlement::accept));
  auto sent = world.broker(broker).sent();
  return sent.empty() ? Sent{} : sent.back();
}

TEST(Request, IsForwardedWithTheBridgesOwnAddressAndASeal) {
  World world(config(kToLake));
  auto before = count("requests_forwarded");
  auto sent = ask(world);
  EXPECT_EQ(sent.target, "work");
  EXPECT_EQ(sent.body, "question");
  EXPECT_EQ(sent.reply_to, "mombridge.replies");
  EXPECT_GT(sent.correlation_id->size(), 50u);
  EXPECT_EQ(sent.correlation_id->find("rpc.me"), std::string::npos);
  EXPECT_NEAR(std::stod(sent.headers["mombridge-deadline"]), static_cast<double>(unix_ms() + 30'000), 20'000);
  EXPECT_EQ(count("requests_forwarded"), before + 1);
}

TEST(Request, ItsReplyGoesToTheRequesterWithTheIdAsItWas) {
  World world(config(kToLake, "", ", reply_exchange: out"));
  const std::string id("\xff\x00 any bytes", 12);
  auto asked = ask(world, request("rpc.me", id));
  auto before = count("replies");
  auto d = reply(asked);
  d->message.key = "k";
  d->message.reply_to = "mombridge.replies";  // echoed
  d->header("x", "y");
  EXPECT_TRUE(settled(world.receive("lake", std::move(d)), Settlement::accept));
  ASSERT_THAT(world.broker("shop").sent(), SizeIs(1));
  auto sent = world.broker("shop").sent()[0];
  EXPECT_EQ(sent.target, "rpc.me");
  EXPECT_EQ(sent.exchange, "out");
  EXPECT_EQ(sent.body, "answer");
  EXPECT_EQ(sent.correlation_id, id);
  EXPECT_EQ(sent.reply_to, std::nullopt);
  EXPECT_EQ(sent.key, "k");
  EXPECT_TRUE(sent.mandatory);
  EXPECT_EQ(count("replies"), before + 1);
}

TEST(Request, WhoseIdIsNoTextGetsItBackInTheFormItHad) {
  World world(config("[{broker: lake, target: work}, {broker: plain, target: log}]"));
  const std::string id("\xff\x00 any bytes", 12);
  for (bool encoded : {false, true}) {
    auto d = request("rpc.me", id);
    d->message.id_form = encoded ? IdForm::encoded : IdForm::any;
    auto asked = ask(world, std::move(d));
    EXPECT_FALSE(asked.literal_id);
    EXPECT_TRUE(settled(world.receive("lake", reply(asked)), Settlement::accept));
    auto sent = world.broker("shop").sent().back();
    EXPECT_EQ(sent.correlation_id, id);
    EXPECT_EQ(sent.literal_id, !encoded);
  }
  // What it is used for again is no reply.
  EXPECT_TRUE(settled(world.receive("lake", "plain"), Settlement::accept));
  EXPECT_FALSE(world.broker("shop").sent().back().literal_id);
}

TEST(Request, AnErrorReplyHasTheIdInTheFormItHad) {
  World world(config(kToLake, ", error_replies: true"));
  world.broker("lake").always(Outcome::refused("unknown topic"));
  for (bool encoded : {false, true}) {
    auto d = request("rpc.me", "\xff");
    d->message.id_form = encoded ? IdForm::encoded : IdForm::any;
    EXPECT_TRUE(settled(world.receive("shop", std::move(d)), Settlement::accept));
    EXPECT_EQ(world.broker("shop").sent().back().literal_id, !encoded);
    EXPECT_FALSE(world.broker("plain").sent().back().literal_id) << "its dead letter is no reply";
  }
}

TEST(Request, ToKafkaAndBackKeepsThePartition) {
  World world(config(kToLake));
  auto d = request("answers");
  d->message.reply_partition = 7;
  EXPECT_TRUE(settled(world.receive("lake", std::move(d)), Settlement::accept));
  auto asked = world.broker("shop").sent().at(0);
  EXPECT_EQ(asked.target, "served");
  EXPECT_LE(asked.correlation_id->size(), 255u);
  EXPECT_TRUE(settled(world.receive("shop", reply(asked)), Settlement::accept));
  auto sent = world.broker("lake").sent().at(0);
  EXPECT_EQ(sent.target, "answers");
  EXPECT_EQ(sent.partition, 7);
}

TEST(Request, ReplyToADirectAddressIsNotMandatory) {
  World world(config(kToLake));
  auto asked = ask(world, request("amq.rabbitmq.reply-to.g1h2"));
  EXPECT_TRUE(settled(world.receive("lake", reply(asked)), Settlement::accept));
  EXPECT_FALSE(world.broker("shop").sent().at(0).mandatory);
}

TEST(Request, SealedTheSameWhenItComesAgain) {
  World world(config(kToLake));
  auto stamped = [] {
    auto d = request();
    d->message.record_time_ms = unix_ms() / 1000 * 1000;
    d->message.expiration = "60000";
    return d;
  };
  auto first = stamped();
  auto at = *first->message.record_time_ms;
  auto again = stamped();
  again->message.record_time_ms = at;
  EXPECT_EQ(ask(world, std::move(first)).correlation_id, ask(world, std::move(again)).correlation_id);
}

TEST(Request, RequesterThatHasGoneIsSettledAndCounted) {
  World world(config(kToLake));
  auto asked = ask(world);
  world.broker("shop").answer({Outcome::refused("returned: NO_ROUTE")});
  auto before = count("reply_undeliverable");
  EXPECT_TRUE(settled(world.receive("lake", reply(asked)), Settlement::accept));
  EXPECT_EQ(count("reply_undeliverable"), before + 1);
  EXPECT_EQ(world.broker("shop").sent_count(), 1u);
}

TEST(Request, ReplyWaitsForTheRequestersBroker) {
  World world(config(kToLake));
  auto asked = ask(world);
  world.broker("shop").answer({2, Outcome::away("down")});
  EXPECT_TRUE(settled(world.receive("lake", reply(asked)), Settlement::accept));
  EXPECT_EQ(world.broker("shop").sent_count(), 3u);
}

TEST(Request, PastItsDeadlineIsNotForwarded) {
  World world(config(kToLake));
  auto before = count("requests_expired");
  auto late = request();
  late->message.record_time_ms = unix_ms() - 10'000;
  late->message.expiration = "5000";
  EXPECT_TRUE(settled(world.receive("shop", std::move(late)), Settlement::accept));
  auto header = request();
  auto deadline = std::to_string(unix_ms() - 1000);
  header->header("mombridge-deadline", deadline);
  EXPECT_TRUE(settled(world.receive("shop", std::move(header)), Settlement::accept));
  EXPECT_EQ(count("requests_expired"), before + 2);
  EXPECT_THAT(world.broker("lake").sent(), IsEmpty());
  EXPECT_THAT(world.broker("plain").sent(), IsEmpty());
}

TEST(Request, ExpiresWhileItsDestinationIsAway) {
  World world(config(kToLake, ", reply_timeout: 300ms, error_replies: true"));
  world.broker("lake").always(Outcome::away("down"));
  auto before = count("requests_expired");
  EXPECT_TRUE(settled(world.receive("shop", request()), Settlement::accept));
  EXPECT_EQ(count("requests_expired"), before + 1);
  auto sent = world.broker("shop").sent().at(0);
  EXPECT_EQ(sent.target, "rpc.me");
  EXPECT_EQ(sent.correlation_id, "the id");
  EXPECT_EQ(sent.message_headers["mombridge-error"], "timeout");
}

TEST(Request, ExpiresWithTheDriverOfADestinationThatIsAway) {
  World world(config(kToLake, ", reply_timeout: 300ms, error_replies: true"));
  world.broker("lake").keep();
  auto before = count("requests_expired");
  auto& d = world.receive("shop", request());
  ASSERT_THAT(world.broker("lake").sent(), SizeIs(1));
  ASSERT_TRUE(mombridge::test::eventually([&] { return !world.broker("lake").wanted(); }));
  EXPECT_EQ(d.settled(), 0);
  world.broker("lake").complete(Outcome::away("not wanted any more"));
  EXPECT_TRUE(settled(d, Settlement::accept));
  EXPECT_EQ(count("requests_expired"), before + 1);
  EXPECT_THAT(world.broker("lake").sent(), SizeIs(1));
  auto sent = world.broker("shop").sent().at(0);
  EXPECT_EQ(sent.message_headers["mombridge-error"], "timeout");
}

TEST(Request, IsWantedUpToItsDeadlineAndOnceDeliveredIsNoLongerLate) {
  World world(config(kToLake, ", reply_timeout: 1s"));
  world.broker("lake").keep();
  auto expired = count("requests_expired"), forwarded = count("requests_forwarded");
  auto in_time = request();
  auto deadline = std::to_string(unix_ms() + 600'000);
  in_time->header("mombridge-deadline", deadline);
  auto& first = world.receive("shop", std::move(in_time));
  EXPECT_TRUE(world.broker("lake").wanted());
  world.broker("lake").complete();
  EXPECT_TRUE(settled(first, Settlement::accept));
  auto& second = world.receive("shop", request());
  ASSERT_TRUE(mombridge::test::eventually([&] { return !world.broker("lake").wanted(); }));
  world.broker("lake").complete();  // it had been sent before
  EXPECT_TRUE(settled(second, Settlement::accept));
  EXPECT_EQ(count("requests_expired"), expired);
  EXPECT_EQ(count("requests_forwarded"), forwarded + 2);
}

TEST(Request, APlainMessageAndAReplyAreWantedForEver) {
  World world(config(kToLake, ", reply_timeout: 1ms"));
  auto asked = ask(world);
  world.broker("lake").keep();
  world.broker("shop").keep();
  auto& plain = world.receive("shop", "plain");
  auto& back = world.receive("lake", reply(asked));
  std::this_thread::sleep_for(5ms);
  EXPECT_TRUE(world.broker("lake").wanted());
  EXPECT_TRUE(world.broker("shop").wanted());
  world.broker("lake").complete();
  world.broker("shop").complete();
  EXPECT_TRUE(settled(plain, Settlement::accept));
  EXPECT_TRUE(settled(back, Settlement::accept));
}

TEST(Request, WaitsWhereItCanBeGivenUp) {
  World world(config(kToLake, ", reply_timeout: 60s"));
  world.broker("lake").connected = false;
  auto& d = world.receive("shop", request());
  world.receive("shop", "plain");
  EXPECT_THAT(world.broker("lake").sent(), SizeIs(1));  // the plain one: it waits there
  EXPECT_EQ(d.settled(), 0);
  world.broker("lake").connected = true;
  EXPECT_TRUE(settled(d, Settlement::accept));
  EXPECT_EQ(world.broker("lake").sent().at(1).reply_to, "mombridge.replies");
}

TEST(Request, ThatIsOldWithoutSayingSoIsForwarded) {
  World world(config(kToLake));
  auto d = request();
  d->message.record_time_ms = unix_ms() - 3'600'000;
  auto sent = ask(world, std::move(d));
  EXPECT_GT(std::stoll(sent.headers["mombridge-deadline"]), unix_ms());
}

TEST(Request, LateReplyIsDroppedOrDeadLettered) {
  for (bool kept : {false, true}) {
    World world(config(kToLake, std::string(", reply_timeout: 1ms") + (kept ? ", late_replies: dead_letter" : "")));
    auto d = request();
    d->message.record_time_ms = unix_ms() + 1000;  // a deadline that is over after the skew
    auto asked = ask(world);
    std::this_thread::sleep_for(2100ms);
    auto before = count("reply_unusable", "expired");
    EXPECT_TRUE(settled(world.receive("lake", reply(asked)), Settlement::accept));
    EXPECT_EQ(count("reply_unusable", "expired"), before + 1);
    EXPECT_THAT(world.broker("shop").sent(), IsEmpty());
    ASSERT_THAT(world.broker("plain").sent(), SizeIs(kept ? 1 : 0));
    if (kept) {
      EXPECT_THAT(world.broker("plain").sent()[0].headers["mombridge-dead-reason"], HasSubstr("expired"));
    }
  }
}

TEST(Request, ForgedReplyIsCountedAndGoesNowhere) {
  for (bool kept : {false, true}) {
    World world(config(kToLake, "", "", kept ? ", unusable: dead_letter" : ""));
    auto asked = ask(world);
    auto& id = *asked.correlation_id;
    id[40] = id[40] == 'A' ? 'B' : 'A';
    auto before = count("reply_unusable", "forged");
    EXPECT_TRUE(settled(world.receive("lake", reply(asked)), Settlement::accept));
    EXPECT_EQ(count("reply_unusable", "forged"), before + 1);
    auto strangers = count("reply_unusable", "malformed");
    id = "somebody's own";
    EXPECT_TRUE(settled(world.receive("lake", reply(asked)), Settlement::accept));
    EXPECT_EQ(count("reply_unusable", "malformed"), strangers + 1);
    EXPECT_THAT(world.broker("shop").sent(), IsEmpty());
    EXPECT_THAT(world.broker("plain").sent(), SizeIs(kept ? 2 : 0));
  }
}

TEST(Request, ReplyOverAnotherBrokerIsRefused) {
  World world(config(kToLake));
  auto asked = ask(world);
  auto before = count("reply_unusable", "other_broker");
  EXPECT_TRUE(settled(world.receive("shop", reply(asked)), Settlement::accept));
  EXPECT_EQ(count("reply_unusable", "other_broker"), before + 1);
  EXPECT_THAT(world.broker("shop").sent(), IsEmpty());
}

TEST(Request, OfARouteThatIsNoMoreIsRefused) {
  std::optional<Sent> asked;
  {
    World world(config(kToLake));
    asked = ask(world);
  }
  auto text = config(kToLake);
  World world(text.replace(text.find("name: r,"), 8, "name: s,"));
  auto before = count("reply_unusable", "unknown_route");
  EXPECT_TRUE(settled(world.receive("lake", reply(*asked)), Settlement::accept));
  EXPECT_EQ(count("reply_unusable", "unknown_route"), before + 1);
}

TEST(Request, WhoseReturnPathDoesNotFitIsDeadLettered) {
  World world(config(kToLake));
  auto before = count("requests_return_path_too_long");
  auto d = request("answers");
  const std::string id(200, '*');
  d->message.correlation_id = id;
  EXPECT_TRUE(settled(world.receive("lake", std::move(d)), Settlement::accept));
  EXPECT_EQ(count("requests_return_path_too_long"), before + 1);
  EXPECT_THAT(world.broker("shop").sent(), IsEmpty());
  auto dead = world.broker("plain").sent().at(0);
  EXPECT_EQ(dead.correlation_id, id);
  EXPECT_THAT(dead.headers["mombridge-dead-reason"], HasSubstr("255 fit"));
}

TEST(Request, GoesOnWithoutAnAddressThatIsNotAllowed) {
  World world(config(kToLake, "", ", allow_reply_to: ['rpc.*']"));
  auto before = count("reply_not_allowed");
  auto sent = ask(world, request("orders"));
  EXPECT_EQ(sent.reply_to, std::nullopt);
  EXPECT_EQ(sent.correlation_id, "the id");
  EXPECT_EQ(count("reply_not_allowed"), before + 1);
  EXPECT_TRUE(ask(world, request("rpc.me")).reply_to);
}

TEST(Request, TheBridgesOwnAddressIsNotOneEvenWhereAGlobMatches) {
  World world(config(kToLake, "", ", allow_reply_to: ['*']"));
  EXPECT_EQ(ask(world, request("mombridge.replies")).reply_to, std::nullopt);
  EXPECT_EQ(ask(world, request("mombridge.dead")).reply_to, std::nullopt);
}

TEST(Request, OfAFanOutHasOneDestinationThatAnswers) {
  World world(config("[{broker: plain, target: log}, {broker: lake, target: work}, {broker: shop, target: other}]"));
  auto before = count("requests_forwarded_as_plain");
  EXPECT_TRUE(settled(world.receive("shop", request()), Settlement::accept));
  EXPECT_EQ(world.broker("plain").sent().at(0).reply_to, std::nullopt);
  EXPECT_EQ(world.broker("lake").sent().at(0).reply_to, "mombridge.replies");
  EXPECT_EQ(world.broker("shop").sent().at(0).reply_to, std::nullopt);
  EXPECT_EQ(world.broker("shop").sent().at(0).correlation_id, "the id");
  EXPECT_EQ(count("requests_forwarded_as_plain"), before);
}

TEST(Request, WithNobodyToAnswerGoesOnAsAPlainMessage) {
  World world(config("{broker: plain, target: log}"));
  auto before = count("requests_forwarded_as_plain");
  EXPECT_TRUE(settled(world.receive("shop", request()), Settlement::accept));
  EXPECT_EQ(world.broker("plain").sent().at(0).reply_to, "rpc.me");  // as every other property
  EXPECT_EQ(count("requests_forwarded_as_plain"), before + 1);
}

TEST(Request, ThatCannotBeDeliveredIsAnsweredWithTheError) {
  World world(config(kToLake, ", error_replies: true"));
  world.broker("lake").always(Outcome::refused("unknown topic"));
  auto before = count("error_replies");
  EXPECT_TRUE(settled(world.receive("shop", request()), Settlement::accept));
  EXPECT_THAT(world.broker("plain").sent(), SizeIs(1));  // and dead-lettered
  auto sent = world.broker("shop").sent().at(0);
  EXPECT_EQ(sent.target, "rpc.me");
  EXPECT_EQ(sent.correlation_id, "the id");
  EXPECT_EQ(sent.message_headers["mombridge-error"], "undeliverable");
  EXPECT_EQ(sent.body, "unknown topic");
  EXPECT_EQ(count("error_replies"), before + 1);
}

TEST(Request, IsAnsweredWithTheErrorThoughItsDeadLetterFails) {
  World world(config(kToLake, ", error_replies: true"));
  world.broker("lake").always(Outcome::refused("unknown topic"));
  world.broker("plain").always(Outcome::refused("no such queue"));
  auto& d = world.receive("shop", request());
  ASSERT_TRUE(mombridge::test::eventually([&] { return world.broker("plain").sent_count() > 2; }));
  EXPECT_THAT(world.broker("shop").sent(), SizeIs(1));
  EXPECT_EQ(d.settled(), 0);  // held
  world.broker("plain").always(std::nullopt);
  EXPECT_TRUE(settled(d, Settlement::accept));
  EXPECT_THAT(world.broker("shop").sent(), SizeIs(1));
}

TEST(Request, WithoutErrorRepliesFailsInSilence) {
  World world(config(kToLake));
  world.broker("lake").always(Outcome::refused("unknown topic"));
  EXPECT_TRUE(settled(world.receive("shop", request()), Settlement::accept));
  EXPECT_THAT(world.broker("plain").sent(), SizeIs(1));
  EXPECT_THAT(world.broker("shop").sent(), IsEmpty());
}

TEST(Request, AHandlersRejectIsAnErrorReply) {
  World world(config("{handler: h}", ", error_replies: true"));
  world.handler("h").behave = [](auto&) { return FakeHandler::reject("not today"); };
  EXPECT_TRUE(settled(world.receive("shop", request()), Settlement::accept));
  auto sent = world.broker("shop").sent().at(0);
  EXPECT_EQ(sent.message_headers["mombridge-error"], "rejected");
  EXPECT_EQ(sent.body, "not today");
}

TEST(Request, PlainMessagesGetNoErrorReplies) {
  World world(config(kToLake, ", error_replies: true"));
  world.broker("lake").always(Outcome::refused("unknown topic"));
  EXPECT_TRUE(settled(world.receive("shop", "ask"), Settlement::accept));
  EXPECT_THAT(world.broker("shop").sent(), IsEmpty());
}

TEST(Request, OverTwoHopsOfOneBridge) {
  World world(config(kToLake));
  auto first = ask(world);
  // The same bridge takes it from the lake, and serves it from the shop.
  auto again = std::make_unique<FakeDelivery>("work", "question");
  again->message.reply_to = *first.reply_to;
  again->message.correlation_id = *first.correlation_id;
  EXPECT_TRUE(settled(world.receive("lake", std::move(again)), Settlement::accept));
  auto second = world.broker("shop").sent().at(0);
  EXPECT_EQ(second.reply_to, "mombridge.replies");
  EXPECT_LE(second.correlation_id->size(), 255u);
  EXPECT_TRUE(settled(world.receive("shop", reply(second)), Settlement::accept));
  auto between = world.broker("lake").sent().at(1);
  EXPECT_EQ(between.target, "mombridge.replies");
  EXPECT_EQ(between.correlation_id, first.correlation_id);
  EXPECT_TRUE(settled(world.receive("lake", reply(first)), Settlement::accept));
  EXPECT_EQ(world.broker("shop").sent().at(1).target, "rpc.me");
  EXPECT_EQ(world.broker("shop").sent().at(1).correlation_id, "the id");
}

TEST(Request, ServedByAHandlerBehindASecondHop) {
  auto text = config(kToLake);
  auto at = text.find("{broker: shop, target: served}");
  World world(text.replace(at, 30, "{handler: h}"));
  world.handler("h").behave = [](auto&) { return FakeHandler::reply("answer"); };
  auto first = ask(world);
  auto again = std::make_unique<FakeDelivery>("work", "question");
  again->message.reply_to = *first.reply_to;
  again->message.correlation_id = *first.correlation_id;
  EXPECT_TRUE(settled(world.receive("lake", std::move(again)), Settlement::accept));
  auto answered = world.broker("lake").sent().at(1);
  EXPECT_EQ(answered.target, "mombridge.replies");
  EXPECT_EQ(answered.correlation_id, first.correlation_id);
}

}  // namespace
}  // namespace mombridge::routing::test
