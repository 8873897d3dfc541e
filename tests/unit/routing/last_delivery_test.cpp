// A message that its source drops, or may drop, when it has to deliver it once more.

#include "world.hpp"

namespace mombridge::routing::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kTwo =
    "brokers:\n"
    "  shop: {type: amqp, url: amqp://localhost, exchange: out, subscribe: [{queue: q}]}\n"
    "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n"
    "routes:\n"
    "  - {name: one, from: {broker: shop, target: 'a.#'}, to: [{broker: lake, target: o}, {broker: lake, target: p}]}\n"
    "  - {name: two, from: {broker: shop, target: a.b}, to: {broker: lake, target: p}";
const std::string kDead = "failures: {attempts: 2, backoff: 1ms..4ms, dead_letter: {broker: lake, target: dead}}\n";
const std::string kHold = "failures: {attempts: 2, backoff: 1ms..4ms}\n";

std::unique_ptr<FakeDelivery> last(const std::string& target, bool known = true, bool dead_letter = true) {
  auto d = std::make_unique<FakeDelivery>(target);
  d->header("own", "kept");
  auto left = std::make_unique<DeliveriesLeft>();
  left->known = known;
  left->dead_letter = dead_letter;
  left->reason = "too often";
  left->back_to = "q";
  static const amqp::PublishOptions kOptions = [] {
    amqp::PublishOptions options;
    options.author = "me";
    return options;
  }();
  left->options = &kOptions;
  left->headers = {Header{header::kPutBacks, Value::of(int64_t{1})},
                   Header{header::kPutBackTarget, Value::of(d->message.target)}};
  d->deliveries_left = std::move(left);
  return d;
}

std::vector<std::string> targets(FakeBroker& broker) {
  std::vector<std::string> found;
  for (auto& s : broker.sent()) found.push_back(s.target);
  return found;
}

TEST(LastDelivery, GoesToTheDeadLetterOfEachRouteUntried) {
  World world(kTwo + "}\n" + kDead);
  EXPECT_TRUE(settled(world.receive("shop", last("a.b")), Settlement::accept));
  EXPECT_THAT(targets(world.broker("lake")), testing::ElementsAre("dead", "dead"));
  auto sent = world.broker("lake").sent();
  EXPECT_EQ(sent[0].headers["mombridge-dead-reason"], "too often");
  EXPECT_EQ(sent[0].headers["mombridge-dead-route"], "one");
  EXPECT_EQ(sent[1].headers["mombridge-dead-route"], "two");
  EXPECT_THAT(world.broker("shop").sent(), IsEmpty());
}

TEST(LastDelivery, IsRejectedWhereTheRouteSaysSo) {
  World world(kTwo + "}\nfailures: {on_exhausted: reject}\n");
  EXPECT_TRUE(settled(world.receive("shop", last("a")), Settlement::reject));
  EXPECT_THAT(world.broker("lake").sent(), IsEmpty());
}

TEST(LastDelivery, IsPutBackWholeWhereARouteHasNoDeadLetter) {
  World world(kTwo + ", failures: {on_exhausted: hold}}\n" + kDead);
  world.broker("shop").keep();
  auto before = count("put_back");
  auto& delivery = world.receive("shop", last("a.b"));
  EXPECT_EQ(delivery.settled(), 0) << "before the copy is confirmed";
  world.broker("shop").complete();
  EXPECT_TRUE(settled(delivery, Settlement::accept));
  EXPECT_EQ(count("put_back"), before + 1);
  EXPECT_THAT(world.broker("lake").sent(), IsEmpty());
  ASSERT_THAT(world.broker("shop").sent(), SizeIs(1)) << "one copy for both routes";
  auto copy = world.broker("shop").sent()[0];
  EXPECT_EQ(copy.exchange, "");
  EXPECT_EQ(copy.target, "q");
  EXPECT_TRUE(copy.mandatory);
  EXPECT_EQ(copy.author, "me");
  EXPECT_EQ(copy.body, "body");
  EXPECT_EQ(copy.headers["mombridge-put-back"], "1");
  EXPECT_EQ(copy.headers["mombridge-put-back-target"], "a.b");
  EXPECT_EQ(copy.message_headers["own"], "kept");
}

TEST(LastDelivery, IsHeldWhereItCannotBePutBack) {
  World world(kTwo + "}\n" + kHold);
  world.broker("shop").answer({Outcome::refused("not allowed"), Outcome::refused("not allowed")});
  auto refused = count("put_back_refused");
  auto& delivery = world.receive("shop", last("a"));
  EXPECT_TRUE(settled(delivery, Settlement::accept)) << "the third time it is";
  EXPECT_EQ(count("put_back_refused"), refused + 2);
  EXPECT_THAT(targets(world.broker("shop")), testing::ElementsAre("q", "q", "q"));
  EXPECT_THAT(world.broker("lake").sent(), IsEmpty());
}

TEST(LastDelivery, IsPutBackWhereItsDeadLetterIsRefused) {
  World world(kTwo + "}\n" + kDead);
  world.broker("lake").always(Outcome::refused("no such topic"));
  EXPECT_TRUE(settled(world.receive("shop", last("a")), Settlement::accept));
  EXPECT_THAT(targets(world.broker("shop")), testing::ElementsAre("q"));
}

// Whichever of the two is mended first.
TEST(LastDelivery, BothItsDeadLetterAndItsQueueAreTriedAgain) {
  World world(kTwo + "}\n" + kDead);
  world.broker("lake").always(Outcome::refused("no such topic"));
  world.broker("shop").always(Outcome::refused("not allowed"));
  auto& delivery = world.receive("shop", last("a"));
  ASSERT_TRUE(eventually([&] { return world.broker("shop").sent_count() > 2; }));
  EXPECT_EQ(delivery.settled(), 0);
  world.broker("lake").always({});
  EXPECT_TRUE(settled(delivery, Settlement::accept));
  EXPECT_EQ(world.broker("lake").sent().back().headers["mombridge-dead-attempts"], "0");
}

TEST(LastDelivery, ASupposedOneThatIsHeldIsTriedAgain) {
  World world(kTwo + "}\n" + kHold);
  world.broker("shop").always(Outcome::refused("not allowed"));
  world.broker("lake").always(Outcome::refused("no such topic"));
  auto& delivery = world.receive("shop", last("a", false, false));
  ASSERT_TRUE(eventually([&] { return world.broker("lake").sent_count() > 8; }));
  EXPECT_EQ(world.broker("shop").sent_count(), 1u);
  world.broker("lake").always({});
  EXPECT_TRUE(settled(delivery, Settlement::accept));
}

TEST(LastDelivery, WaitsForItsBroker) {
  World world(kTwo + "}\n" + kHold);
  world.broker("shop").answer({Outcome::away("nacked"), Outcome::away("nacked")});
  EXPECT_TRUE(settled(world.receive("shop", last("a")), Settlement::accept));
  EXPECT_EQ(world.broker("shop").sent_count(), 3u);
}

TEST(LastDelivery, ASupposedOneIsPutBackFirst) {
  World world(kTwo + "}\n" + kDead);
  EXPECT_TRUE(settled(world.receive("shop", last("a.b", false, false)), Settlement::accept));
  EXPECT_THAT(targets(world.broker("shop")), testing::ElementsAre("q"));
  EXPECT_THAT(world.broker("lake").sent(), IsEmpty());
  EXPECT_TRUE(settled(world.receive("shop", last("a.b", false, true)), Settlement::accept));
  EXPECT_THAT(targets(world.broker("lake")), testing::ElementsAre("dead", "dead"));
}

// Perhaps the queue has no limit at all: a bridge that may not write to it must not stop for that.
TEST(LastDelivery, ASupposedOneThatCannotBePutBackIsHandled) {
  World world(kTwo + "}\n" + kHold);
  world.broker("shop").always(Outcome::refused("not allowed"));
  EXPECT_TRUE(settled(world.receive("shop", last("a.b", false, false)), Settlement::accept));
  EXPECT_EQ(world.broker("shop").sent_count(), 1u);
  EXPECT_THAT(targets(world.broker("lake")), testing::ElementsAre("o", "p", "p"));
  world.broker("lake").keep();
  auto& delivery = world.receive("shop", last("a.b", false, false));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(delivery.settled(), 0);
    world.broker("lake").complete();
  }
  EXPECT_TRUE(settled(delivery, Settlement::accept));
}

TEST(LastDelivery, TheOneBeforeItIsHandledAndSaid) {
  for (auto& failures : {kHold, kDead}) {
    World world(kTwo + "}\n" + failures);
    auto said = count("near_delivery_limit");
    auto delivery = last("a");
    delivery->deliveries_left->another = true;
    EXPECT_TRUE(settled(world.receive("shop", std::move(delivery)), Settlement::accept));
    EXPECT_THAT(targets(world.broker("lake")), testing::ElementsAre("o", "p"));
    EXPECT_EQ(count("near_delivery_limit"), said + (failures == kHold)) << failures;
  }
}

TEST(LastDelivery, WhatNoRouteTakesIsUnrouted) {
  World world(kTwo + "}\n" + kHold);
  EXPECT_TRUE(settled(world.receive("shop", last("else")), Settlement::accept));
  EXPECT_THAT(world.broker("shop").sent(), IsEmpty());
}

TEST(LastDelivery, ASettledDeliveryLeavesNothingBehind) {
  World world(kTwo + "}\n" + kHold);
  auto& delivery = world.receive("shop", last("a"));
  EXPECT_TRUE(settled(delivery, Settlement::accept));
  delivery.deliveries_left.reset();
  world.router.ingress("shop").receive(DeliveryHandle(&delivery));
  EXPECT_EQ(delivery.settled(), 2);
  EXPECT_THAT(targets(world.broker("lake")), testing::ElementsAre("o", "p"));
  EXPECT_EQ(world.broker("lake").sent()[0].author, "");
}

}  // namespace
}  // namespace mombridge::routing::test
