#include "broker/kafka/topic_name.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mombridge::kafka {
namespace {

using testing::HasSubstr;

TEST(TopicName, TheRuleThatItBreaksIsNamed) {
  EXPECT_THAT(std::string(topic_fault("")), HasSubstr("empty"));
  EXPECT_THAT(std::string(topic_fault(".")), HasSubstr("'..'"));
  EXPECT_THAT(std::string(topic_fault("..")), HasSubstr("'..'"));
  EXPECT_THAT(std::string(topic_fault(std::string(250, 'k'))), HasSubstr("249"));
  for (std::string name : {"plant/line 1", "a:b", "a\n", "\xc3\xa4"})
    EXPECT_THAT(std::string(topic_fault(name)), HasSubstr("letters")) << name;
}

TEST(TopicName, WhatBreaksNone) {
  for (std::string name : {std::string("a"), std::string("..."), std::string("Order_1.new-2"), std::string(249, 'k')})
    EXPECT_TRUE(valid_topic(name)) << name;
}

TEST(TopicName, DotsAndUnderscoresCollide) {
  EXPECT_TRUE(topics_collide("order.new", "order_new"));
  EXPECT_TRUE(topics_collide("a_b.c", "a.b_c"));
  EXPECT_FALSE(topics_collide("order.new", "order.new")) << "that is the topic itself";
  EXPECT_FALSE(topics_collide("order.new", "order-new"));
  EXPECT_FALSE(topics_collide("order.new", "order_new2"));
}

}  // namespace
}  // namespace mombridge::kafka
