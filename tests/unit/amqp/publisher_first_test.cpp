#include "broker/amqp/publisher_first.hpp"

#include <gtest/gtest.h>

namespace mombridge::amqp {
namespace {

struct Counted {
  int begun = 0, gave_way = 0;
  PublisherFirst order{[this] { ++begun; }, [this] { ++gave_way; }};
};

TEST(PublisherFirst, SubscriptionsBeginOnceThePublisherIsThere) {
  Counted c;
  EXPECT_EQ(c.begun, 0);
  c.order.publisher_up();
  EXPECT_EQ(c.begun, 1);
  c.order.publisher_failed(false);
  c.order.publisher_up();
  EXPECT_EQ(c.begun, 1) << "once";
}

TEST(PublisherFirst, OrCannotBeThere) {
  Counted c;
  c.order.publisher_failed(false);
  EXPECT_EQ(c.begun, 1);
  EXPECT_FALSE(c.order.publisher_waits()) << "no subscription is in its way";
  EXPECT_EQ(c.gave_way, 0);
}

TEST(PublisherFirst, WhereALimitKeepsItOutNoSubscriptionConnectsAndOneGivesWay) {
  Counted c;
  c.order.publisher_up();
  c.order.publisher_failed(true);
  EXPECT_TRUE(c.order.publisher_waits());
  EXPECT_EQ(c.gave_way, 1);
  c.order.publisher_failed(true);
  EXPECT_EQ(c.gave_way, 2) << "the one was not enough";
  c.order.publisher_up();
  EXPECT_FALSE(c.order.publisher_waits());
}

}  // namespace
}  // namespace mombridge::amqp
