// What becomes of a message that is refused, whose destination is away, whose dead letter does not get through.

#include "world.hpp"

namespace mombridge::routing::test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Not;
using testing::SizeIs;

const std::string kThree =
    "brokers:\n"
    "  shop: {type: amqp, url: amqp://localhost, exchange: out, subscribe: [{queue: q, declare: {type: quorum}}]}\n"
    "  lake: {type: kafka, bootstrap_servers: localhost:9092, subscribe: [{topic: t}]}\n"
    "  pond: {type: kafka, bootstrap_servers: localhost:9093}\n"
    "routes:\n"
    "  - {name: up, from: {broker: shop}, to: {broker: lake, target: o}}\n"
    "  - {name: down, from: {broker: lake}, to: {broker: shop, target: o}}\n";

std::string with(const std::string& failures) {
  return kThree + "failures: {attempts: 3, backoff: 1ms..4ms" + failures + "}\n";
}
const std::string kToPond = ", dead_letter: {broker: pond, target: dead}";
const std::string kToShop = ", dead_letter: {broker: shop, target: dead}";

TEST(Failure, RefusedIsTriedAgain) {
  World world(with(kToPond));
  world.broker("lake").answer({Outcome::refused("returned"), Outcome::refused("returned")});
  auto retried = count("retried");
  EXPECT_TRUE(settled(world.receive("shop", "a"), Settlement::accept));
  EXPECT_THAT(world.broker("lake").sent(), SizeIs(3));
  EXPECT_THAT(world.broker("pond").sent(), IsEmpty());
  EXPECT_EQ(count("retried"), retried + 2);
}

TEST(Failure, NotSettledWhileItWaits) {
  World world(kThree + "failures: {attempts: 3, backoff: 1h, dead_letter: {broker: pond, target: dead}}\n");
  world.broker("lake").answer({Outcome::refused("returned")});
  auto& delivery = world.receive("shop", "a");
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(delivery.settled(), 0);
  EXPECT_EQ(world.broker("lake").sent_count(), 1u);
  EXPECT_EQ(world.router.in_flight(), 1u);
}

TEST(Failure, ExhaustedGoesToTheDeadLetterAndOnlyThenSettles) {
  World world(with(kToPond));
  world.broker("lake").answer({Outcome::refused("one"), Outcome::refused("two"), Outcome::refused("three\n!")});
  world.broker("pond").keep();
  auto before = count("dead_lettered");
  auto d = std::make_unique<FakeDelivery>("order.new");
  d->message.correlation_id = "c1";
  d->message.key = "k1";
  auto& delivery = world.receive("shop", std::move(d));
  ASSERT_TRUE(eventually([&] { return world.broker("pond").sent_count() == 1; }));
  EXPECT_EQ(delivery.settled(), 0);
  world.broker("pond").complete();
  EXPECT_TRUE(settled(delivery, Settlement::accept));
  EXPECT_EQ(count("dead_lettered"), before + 1);
  EXPECT_EQ(world.broker("lake").sent_count(), 3u);

  auto dead = world.broker("pond").sent()[0];
  EXPECT_EQ(dead.target, "dead");
  EXPECT_EQ(dead.body, "body");
  EXPECT_EQ(dead.key, "k1");
  EXPECT_EQ(dead.correlation_id, "c1");
  EXPECT_EQ(dead.headers["mombridge-dead-broker"], "shop");
  EXPECT_EQ(dead.headers["mombridge-dead-source"], "q");
  EXPECT_EQ(dead.headers["mombridge-dead-target"], "order.new");
  EXPECT_EQ(dead.headers["mombridge-dead-route"], "up");
  EXPECT_EQ(dead.headers["mombridge-dead-reason"], "three\\x0a!");
  EXPECT_EQ(dead.headers["mombridge-dead-attempts"], "3");
  EXPECT_NEAR(std::stod(dead.headers["mombridge-dead-at-ms"]), static_cast<double>(unix_ms()), 60e3);
  EXPECT_THAT(dead.headers, Not(Contains(Key("mombridge-dead-partition"))));
  EXPECT_EQ(dead.headers["kafka_dlt-original-topic"], "order.new");
  EXPECT_EQ(dead.headers["kafka_dlt-exception-message"], "three\\x0a!");
  EXPECT_EQ(dead.headers["kafka_dlt-exception-fqcn"], "mombridge");
  EXPECT_THAT(dead.headers, Not(Contains(Key("kafka_dlt-original-partition"))));
}

TEST(Failure, DeadLettersFromKafkaSayWhereTheyWere) {
  World world(with(kToPond));
  world.broker("shop").answer({3, Outcome::refused("no")});
  auto d = std::make_unique<FakeDelivery>("t");
  d->partition = 7;
  d->offset = 0x0102030405060708;
  d->message.record_time_ms = 258;
  EXPECT_TRUE(settled(world.receive("lake", std::move(d)), Settlement::accept));
  auto dead = world.broker("pond").sent()[0];
  EXPECT_EQ(dead.headers["mombridge-dead-partition"], "7");
  EXPECT_EQ(dead.headers["mombridge-dead-offset"], "72623859790382856");
  EXPECT_EQ(dead.headers["kafka_dlt-original-partition"], std::string("\0\0\0\7", 4));
  EXPECT_EQ(dead.headers["kafka_dlt-original-offset"], std::string("\1\2\3\4\5\6\7\x8", 8));
  EXPECT_EQ(dead.headers["kafka_dlt-original-timestamp"], std::string("\0\0\0\0\0\0\1\2", 8));
  EXPECT_EQ(dead.headers["kafka_dlt-original-timestamp-type"], "CreateTime");
  EXPECT_EQ(dead.record_time, kafka::RecordTime::arrival) << "retention would count from the record's own";
}

// A broker would drop it from the dead letter queue when that time has passed.
TEST(Failure, DeadLettersDoNotExpire) {
  for (auto& to : {kToShop, kToPond}) {
    World world(with(to));
    world.broker("lake").answer({3, Outcome::refused("no")});
    auto d = std::make_unique<FakeDelivery>("a");
    d->message.expiration = "60000";
    EXPECT_TRUE(settled(world.receive("shop", std::move(d)), Settlement::accept));
    EXPECT_EQ(world.broker("lake").sent()[0].expiration, "60000");
    auto dead = world.broker(to == kToShop ? "shop" : "pond").sent()[0];
    EXPECT_EQ(dead.expiration, std::nullopt);
    EXPECT_EQ(dead.headers["mombridge-dead-expiration"], "60000");
  }
}

TEST(Failure, DeadLettersToAmqpGoThroughTheDefaultExchange) {
  World world(with(kToShop));
  world.broker("lake").answer({3, Outcome::refused("no")});
  EXPECT_TRUE(settled(world.receive("shop", "a"), Settlement::accept));
  ASSERT_THAT(world.broker("shop").sent(), SizeIs(1));
  auto dead = world.broker("shop").sent()[0];
  EXPECT_EQ(dead.exchange, "");
  EXPECT_EQ(dead.target, "dead");
  EXPECT_TRUE(dead.mandatory);
  EXPECT_EQ(dead.headers["mombridge-dead-attempts"], "3");
  EXPECT_THAT(dead.headers, Not(Contains(Key(HasSubstr("kafka_dlt")))));
}

TEST(Failure, DeadLettersToAmqpGoToAnExchangeThatIsNamed) {
  World world(with(", dead_letter: {broker: shop, target: dead, exchange: graveyard}"));
  world.broker("lake").answer({3, Outcome::refused("no")});
  EXPECT_TRUE(settled(world.receive("shop", "a"), Settlement::accept));
  EXPECT_EQ(world.broker("shop").sent()[0].exchange, "graveyard");
}

TEST(Failure, AwayCountsNothingForAsLongAsItTakes) {
  World world(with(kToPond));
  world.broker("lake").answer({6, Outcome::away("nacked")});
  auto retried = count("retried"), waited = count("waited_for_destination");
  EXPECT_TRUE(settled(world.receive("shop", "a"), Settlement::accept));
  EXPECT_EQ(world.broker("lake").sent_count(), 7u);  // more than the attempts
  EXPECT_THAT(world.broker("pond").sent(), IsEmpty());
  EXPECT_EQ(count("retried"), retried);
  EXPECT_EQ(count("waited_for_destination"), waited + 6);
}

TEST(Failure, AwayBetweenRefusalsDoesNotCount) {
  World world(with(kToPond));
  world.broker("lake").answer(
      {Outcome::refused("1"), Outcome::away("x"), Outcome::refused("2"), Outcome::away("x"), Outcome::refused("3")});
  EXPECT_TRUE(settled(world.receive("shop", "a"), Settlement::accept));
  EXPECT_EQ(world.broker("lake").sent_count(), 5u);
  EXPECT_EQ(world.broker("pond").sent()[0].headers["mombridge-dead-attempts"], "3");
  EXPECT_EQ(world.broker("pond").sent()[0].headers["mombridge-dead-reason"], "3");
}

TEST(Failure, WhatTryingCannotMendIsNotTriedAgain) {
  for (auto cause : {Outcome::Cause::message, Outcome::Cause::size}) {
    World world(with(kToPond));
    world.broker("lake").always(Outcome::refused("no name of a topic", cause));
    auto retried = count("retried");
    EXPECT_TRUE(settled(world.receive("shop", "a"), Settlement::accept));
    EXPECT_EQ(world.broker("lake").sent_count(), 1u);
    EXPECT_EQ(world.broker("pond").sent()[0].headers["mombridge-dead-reason"], "no name of a topic");
    EXPECT_EQ(world.broker("pond").sent()[0].headers["mombridge-dead-attempts"], "1");
    EXPECT_EQ(count("retried"), retried);
  }
}

TEST(Failure, ADeadLetterThatIsTooLargeGoesWithLess) {
  World world(with(kToPond));
  world.broker("lake").answer({3, Outcome::refused("no")});
  world.broker("pond").answer({4, Outcome::refused("too large", Outcome::Cause::size)});
  auto bare = count("dead_letters_without_headers"), reduced = count("dead_letters_reduced");
  auto d = std::make_unique<FakeDelivery>("a");
  d->header("one", "1").header("two", "2");
  EXPECT_TRUE(settled(world.receive("shop", std::move(d)), Settlement::accept));
  auto sent = world.broker("pond").sent();
  ASSERT_THAT(sent, SizeIs(5));
  for (int i = 0; i < 4; ++i) EXPECT_THAT(sent[i].message_headers, SizeIs(2)) << i;
  EXPECT_THAT(sent[4].message_headers, IsEmpty());
  EXPECT_EQ(sent[4].body, "body");
  EXPECT_EQ(sent[4].headers["mombridge-dead-headers-left-out"], "2");
  EXPECT_EQ(sent[4].headers["mombridge-dead-reason"], "no");
  EXPECT_EQ(count("dead_letters_without_headers"), bare + 1);
  EXPECT_EQ(count("dead_letters_reduced"), reduced + 1);
}

TEST(Failure, TheNextMessagesDeadLetterIsWholeAgain) {
  World world(with(kToPond));
  world.broker("lake").always(Outcome::refused("no", Outcome::Cause::message));
  world.broker("pond").answer({1, Outcome::refused("too large", Outcome::Cause::size)});
  auto delivery = std::make_unique<FakeDelivery>("a");
  auto& first = world.receive("shop", std::move(delivery));
  EXPECT_TRUE(settled(first, Settlement::accept));
  world.router.ingress("shop").receive(
      DeliveryHandle(&first));  // the source uses the delivery again, and so its attempt
  ASSERT_TRUE(eventually([&] { return first.settled() == 2; }));
  EXPECT_EQ(world.broker("pond").sent()[1].headers["mombridge-dead-left-out"], "the end of the reason");
  EXPECT_THAT(world.broker("pond").sent()[2].headers, Not(Contains(Key("mombridge-dead-left-out"))));
}

// A template that names a header finds it, also where the letter goes without it.
TEST(Failure, TheDeadLettersTargetIsThatOfTheWholeMessage) {
  World world(with(", dead_letter: {broker: pond, target: 'dead-{header.kind}'}"));
  world.broker("lake").always(Outcome::refused("no", Outcome::Cause::message));
  world.broker("pond").answer({4, Outcome::refused("too large", Outcome::Cause::size)});
  auto d = std::make_unique<FakeDelivery>("a");
  d->header("kind", "order");
  EXPECT_TRUE(settled(world.receive("shop", std::move(d)), Settlement::accept));
  EXPECT_EQ(world.broker("pond").sent().back().target, "dead-order");
}

TEST(Failure, WhatFitsNowhereIsHeld) {
  World world(with(kToPond));
  world.broker("lake").always(Outcome::refused("no", Outcome::Cause::message));
  world.broker("pond").always(Outcome::refused("too large", Outcome::Cause::size));
  auto held = count("held");
  auto& delivery = world.receive("shop", "a");
  ASSERT_TRUE(eventually([&] { return count("held") == held + 1; }));
  EXPECT_EQ(delivery.settled(), 0);
  world.broker("pond").always({});
  EXPECT_TRUE(settled(delivery, Settlement::accept));
}

TEST(Failure, ADeadLetterThatIsRefusedIsHeld) {
  World world(with(kToPond));
  world.broker("lake").answer({3, Outcome::refused("no")});
  world.broker("pond").always(Outcome::refused("unknown topic"));
  auto held = count("held"), dead = count("dead_lettered");
  auto& delivery = world.receive("shop", "a");
  ASSERT_TRUE(eventually([&] { return world.broker("pond").sent_count() >= 10; }));
  EXPECT_EQ(delivery.settled(), 0);
  EXPECT_EQ(world.broker("lake").sent_count(), 3u);
  EXPECT_EQ(count("held"), held + 1);  // a message, however often it is tried
  // And when the cause has gone, it goes through.
  world.broker("pond").always({});
  EXPECT_TRUE(settled(delivery, Settlement::accept));
  EXPECT_EQ(count("dead_lettered"), dead + 1);
  EXPECT_EQ(world.broker("pond").sent().back().headers["mombridge-dead-reason"], "no");
}

TEST(Failure, ADeadLetterThatIsAwayIsWaitedFor) {
  World world(with(kToPond));
  world.broker("lake").answer({3, Outcome::refused("no")});
  world.broker("pond").answer({2, Outcome::away("gone")});
  auto& delivery = world.receive("shop", "a");
  EXPECT_TRUE(settled(delivery, Settlement::accept));
  EXPECT_EQ(world.broker("pond").sent_count(), 3u);
  EXPECT_EQ(world.broker("lake").sent_count(), 3u);
}

TEST(Failure, WithoutADeadLetterItIsHeldAndTriedAgain) {
  World world(with(""));
  world.broker("lake").always(Outcome::refused("no"));
  auto held = count("held");
  auto& delivery = world.receive("shop", "a");
  ASSERT_TRUE(eventually([&] { return world.broker("lake").sent_count() >= 10; }));
  EXPECT_EQ(delivery.settled(), 0);
  EXPECT_EQ(count("held"), held + 1);
  world.broker("lake").always({});
  EXPECT_TRUE(settled(delivery, Settlement::accept));
}

TEST(Failure, OnExhaustedRejectGivesItToTheQueuesOwnDeadLetterExchange) {
  World world(with(", on_exhausted: reject"));
  world.broker("lake").answer({3, Outcome::refused("no")});
  auto before = count("rejected_to_source");
  EXPECT_TRUE(settled(world.receive("shop", "a"), Settlement::reject));
  EXPECT_EQ(count("rejected_to_source"), before + 1);
  EXPECT_EQ(world.broker("lake").sent_count(), 3u);
}

TEST(Failure, ARouteMayOverride) {
  World world(
      "brokers:\n"
      "  shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: q}]}\n"
      "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n"
      "routes: [{name: r, from: {broker: shop}, to: {broker: lake, target: o}, failures: {attempts: 1, dead_letter: "
      "{broker: lake, target: own}}}]\n"
      "failures: {attempts: 3, backoff: 1ms, dead_letter: {broker: lake, target: dead}}\n");
  world.broker("lake").answer({Outcome::refused("no")});
  EXPECT_TRUE(settled(world.receive("shop", "a"), Settlement::accept));
  ASSERT_EQ(world.broker("lake").sent_count(), 2u);
  EXPECT_EQ(world.broker("lake").sent()[1].target, "own");
}

const std::string kFanOut =
    "brokers:\n"
    "  shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: q}]}\n"
    "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n"
    "  pond: {type: kafka, bootstrap_servers: localhost:9093}\n"
    "routes: [{name: r, from: {broker: shop}, to: [{broker: lake, target: a}, {broker: pond, target: b}]}]\n";

TEST(FanOut, WhatOneDestinationRefusesIsDeadLetteredAlone) {
  World world(kFanOut + "failures: {attempts: 2, backoff: 1ms, dead_letter: {broker: shop, target: dead}}\n");
  world.broker("lake").answer({2, Outcome::refused("no")});
  world.broker("pond").keep();
  auto& delivery = world.receive("shop", "x");
  ASSERT_TRUE(eventually([&] { return world.broker("shop").sent_count() == 1; }));
  EXPECT_EQ(delivery.settled(), 0);  // the other is still under way
  world.broker("pond").complete();
  EXPECT_TRUE(settled(delivery, Settlement::accept));
  EXPECT_EQ(world.broker("shop").sent_count(), 1u);
  EXPECT_EQ(world.broker("pond").sent_count(), 1u);
}

TEST(FanOut, WhatOneRejectsRejectsTheWhole) {
  World world(kFanOut + "failures: {attempts: 1, on_exhausted: reject}\n");
  world.broker("lake").answer({Outcome::refused("no")});
  EXPECT_TRUE(settled(world.receive("shop", "x"), Settlement::reject));
  EXPECT_EQ(world.broker("pond").sent_count(), 1u);
}

}  // namespace
}  // namespace mombridge::routing::test
