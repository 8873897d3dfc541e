#include "broker/amqp/way_back.hpp"

#include <gtest/gtest.h>

#include "broker/amqp/settings.hpp"

namespace mombridge::amqp {
namespace {

class AmqpWayBack : public testing::Test {
 protected:
  AmqpWayBack() {
    settings.endpoints.emplace_back().user = "bridge";
    queue.source = queue.queue = "orders";
  }
  Settings settings;
  Subscription queue;
};

TEST_F(AmqpWayBack, StraightIntoTheQueue) {
  auto way = way_back(settings, queue, "orders");
  ASSERT_TRUE(way);
  EXPECT_EQ(way->target, "orders");
  EXPECT_EQ(static_cast<const PublishOptions&>(*way->options).exchange, "");
  EXPECT_EQ(static_cast<const PublishOptions&>(*way->options).author, "");
  EXPECT_TRUE(way->headers.empty());
}

TEST_F(AmqpWayBack, AnotherTargetGoesAsOneThatWasPutBack) {
  auto way = way_back(settings, queue, "order.created");
  ASSERT_TRUE(way);
  EXPECT_EQ(way->target, "orders");
  EXPECT_EQ(static_cast<const PublishOptions&>(*way->options).author, "bridge");
  ASSERT_EQ(way->headers.size(), 2u);
  EXPECT_EQ(way->headers[0].second, "0");
  EXPECT_EQ(way->headers[1].second, "order.created");
}

TEST_F(AmqpWayBack, WithoutAUserTheTargetWouldBeLost) {
  settings.endpoints.front().user.clear();
  auto way = way_back(settings, queue, "order.created");
  ASSERT_FALSE(way);
  EXPECT_NE(way.error().text.find("'order.created' would be lost on the way into queue 'orders'"), std::string::npos);
  EXPECT_TRUE(way_back(settings, queue, "orders"));
}

TEST_F(AmqpWayBack, NotThroughAPrivateQueue) {
  queue.queue.clear();
  queue.source = "events";
  auto way = way_back(settings, queue, "order.created");
  ASSERT_FALSE(way);
  EXPECT_NE(way.error().text.find("private queue on exchange 'events'"), std::string::npos);
}

}  // namespace
}  // namespace mombridge::amqp
