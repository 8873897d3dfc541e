// What is made of a queue's count of deliveries, and of the notes on a message that was put back.

#include "broker/amqp/delivery_limit.hpp"

#include <list>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mombridge::amqp {
namespace {

using testing::HasSubstr;

class DeliveryLimitTest : public testing::Test {
 protected:
  DeliveryLimitTest() {
    log::init(log::Level::off, log::Format::text);
    settings.endpoints = {{.user = "one"}, {.user = "two"}};
    subscription.queue = "work";
    message.target = "order.new";
  }
  DeliveryLimit& limit() { return limits_.emplace_back(broker, subscription, settings); }
  std::unique_ptr<DeliveriesLeft> look(int64_t count, int64_t put_backs = 0, std::string_view user = "one") {
    QueueNotes notes;
    if (count) notes.delivery_count = count;
    if (put_backs) notes.put_backs = put_backs;
    if (put_backs) notes.put_back_target = "order.old";
    notes.user_id = user;
    return limit().check(notes, message);
  }
  void declare(Argument type) {
    subscription.declare = QueueDeclaration{};
    subscription.declare->arguments["x-queue-type"] = std::move(type);
  }

  std::string broker = "shop";
  Settings settings;
  Subscription subscription;
  Message message;

 private:
  std::list<DeliveryLimit> limits_;  ///< what they return points into them
};

TEST_F(DeliveryLimitTest, AKnownLimit) {
  subscription.delivery_limit = 3;
  EXPECT_FALSE(look(1));
  auto near = look(2), last = look(3), past = look(7);
  ASSERT_TRUE(near && last && past);
  EXPECT_TRUE(near->another);
  EXPECT_THAT(near->reason, HasSubstr("x-delivery-limit 3) allows one further"));
  EXPECT_FALSE(last->another);
  EXPECT_TRUE(last->known);
  EXPECT_TRUE(last->dead_letter);
  EXPECT_EQ(last->reason, "delivered 4 times, its queue's limit (x-delivery-limit 3) allows no further delivery");
  EXPECT_FALSE(past->another);
}

TEST_F(DeliveryLimitTest, TheDeclaredLimitAndTheKeyAboveIt) {
  declare(std::string("quorum"));
  subscription.declare->arguments["x-delivery-limit"] = int64_t{5};
  EXPECT_FALSE(look(3));
  ASSERT_TRUE(look(5));
  EXPECT_FALSE(look(5)->another);
  subscription.delivery_limit = 9;
  EXPECT_FALSE(look(5));
  subscription.delivery_limit.reset();
  subscription.declare->arguments["x-delivery-limit"] = int64_t{-1};
  EXPECT_FALSE(look(1000)) << "none";
}

TEST_F(DeliveryLimitTest, NoLimit) {
  subscription.delivery_limit = 0;
  EXPECT_FALSE(look(1'000'000));
}

TEST_F(DeliveryLimitTest, AnUnknownLimitIsSupposedToBeSmall) {
  EXPECT_FALSE(look(1));
  auto first = look(2);
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->known);
  EXPECT_FALSE(first->another);
  EXPECT_FALSE(first->dead_letter) << "it is put back first";
  EXPECT_FALSE(look(2, 2)->dead_letter);
  EXPECT_TRUE(look(2, 3)->dead_letter);
  EXPECT_THAT(look(2, 3)->reason, HasSubstr("delivered 3 times and put back 3 times"));
  EXPECT_THAT(look(2, 3)->reason, HasSubstr("delivery_limit"));
}

TEST_F(DeliveryLimitTest, HowACopyComesBack) {
  auto left = look(2, 2);
  ASSERT_TRUE(left);
  EXPECT_EQ(left->back_to, "work");
  auto& options = dynamic_cast<const PublishOptions&>(*left->options);
  EXPECT_EQ(options.author, "one");
  EXPECT_EQ(options.exchange, "") << "the default exchange, whatever the broker's is";
  EXPECT_EQ(left->headers[0].name, "mombridge-put-back");
  EXPECT_EQ(left->headers[0].value.integer, 3);
  EXPECT_EQ(left->headers[1].name, "mombridge-put-back-target");
  EXPECT_EQ(left->headers[1].value.text, "order.old") << "as it was when it came the first time";
}

TEST_F(DeliveryLimitTest, ACopyHasTheTargetOfItsMessage) {
  EXPECT_FALSE(look(0, 1));
  EXPECT_EQ(message.target, "order.old");
}

TEST_F(DeliveryLimitTest, NotesOfStrangersAreNotBelieved) {
  for (std::string_view user : {"", "stranger", "On"}) {
    auto left = look(2, 1'000, user);
    EXPECT_EQ(message.target, "order.new") << user;
    ASSERT_TRUE(left);
    EXPECT_FALSE(left->dead_letter) << user;
    EXPECT_EQ(left->headers[0].value.integer, 1);
  }
  EXPECT_FALSE(look(0, 1, "two"));
  EXPECT_EQ(message.target, "order.old") << "the user of another url of ours";
}

TEST_F(DeliveryLimitTest, WhichQueuesMayCount) {
  EXPECT_TRUE(limit().may_count()) << "somebody else's";
  subscription.declare = QueueDeclaration{};
  EXPECT_TRUE(limit().may_count()) << "the vhost's default may be quorum";
  declare(std::string("quorum"));
  EXPECT_TRUE(limit().may_count());
  subscription.declare->arguments["x-single-active-consumer"] = true;
  EXPECT_FALSE(limit().may_count());
  declare(std::string("classic"));
  EXPECT_FALSE(limit().may_count());
  subscription.declare = QueueDeclaration{.durable = false, .exclusive = true};
  EXPECT_FALSE(limit().may_count());
  subscription.declare.reset();
  subscription.queue.clear();
  EXPECT_FALSE(limit().may_count()) << "a private one";
}

}  // namespace
}  // namespace mombridge::amqp
