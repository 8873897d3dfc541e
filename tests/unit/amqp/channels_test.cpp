#include "broker/amqp/channels.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/amqp/wire.hpp"

namespace mombridge::amqp {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

struct Noting final : ChannelUser {
  void method(amqp_method_number_t id, void* decoded, std::string_view arguments) override {
    event = "method " + std::to_string(id & 0xffff) + (decoded ? " decoded" : " " + std::string(arguments));
  }
  void content_header(uint64_t size, std::string_view properties) override {
    event = "header " + std::to_string(size) + " " + std::string(properties);
  }
  void content_body(std::string_view part) override { event = "body " + std::string(part); }
  std::string event;
};

class ChannelsTest : public testing::Test {
 protected:
  ChannelsTest() {
    channels.open(1, first);
    channels.open(3, third);
  }
  /// "", or why the frame was refused.
  std::string take(uint8_t type, uint16_t channel, std::string_view payload) {
    auto taken = channels.take({.type = type, .channel = channel, .payload = payload});
    return taken ? "" : taken.error().text;
  }
  static std::string method(uint32_t id, std::string_view arguments) {
    Buffer out;
    Writer(out).number(id);
    out.append(arguments);
    return out.str();
  }

  Noting first, third;
  Channels channels;
};

TEST_F(ChannelsTest, EachFrameGoesToItsChannel) {
  EXPECT_EQ(take(AMQP_FRAME_BODY, 1, "one"), "");
  EXPECT_EQ(take(AMQP_FRAME_HEADER, 3, "\0\x3c\0\0\0\0\0\0\0\0\0\5prop"s), "");
  EXPECT_EQ(first.event, "body one");
  EXPECT_EQ(third.event, "header 5 prop");
  EXPECT_EQ(take(AMQP_FRAME_METHOD, 1, method(AMQP_BASIC_DELIVER_METHOD, "raw")), "");
  EXPECT_EQ(first.event, "method 60 raw") << "the frequent ones are not decoded";
  EXPECT_EQ(take(AMQP_FRAME_METHOD, 3, method(AMQP_BASIC_QOS_OK_METHOD, "")), "");
  EXPECT_EQ(third.event, "method 11 decoded");
}

TEST_F(ChannelsTest, AChannelThatWasNeverOpenedIsRefused) {
  for (uint16_t channel : {0, 2, 4, 65535}) EXPECT_THAT(take(AMQP_FRAME_BODY, channel, "x"), HasSubstr("never opened"));
  channels.clear();
  EXPECT_THAT(take(AMQP_FRAME_BODY, 1, "x"), HasSubstr("never opened"));
  EXPECT_EQ(first.event + third.event, "");
}

TEST_F(ChannelsTest, WhatCannotBeReadIsRefused) {
  EXPECT_THAT(take(9, 1, ""), HasSubstr("unknown type 9"));
  EXPECT_THAT(take(AMQP_FRAME_HEADER, 1, "short"), HasSubstr("unknown type 2"));
  EXPECT_THAT(take(AMQP_FRAME_METHOD, 1, "\0"s), HasSubstr("cannot be decoded (0.0)"));
  EXPECT_THAT(take(AMQP_FRAME_METHOD, 1, method(AMQP_BASIC_GET_OK_METHOD, "\1")),
              HasSubstr("cannot be decoded (60.71)"));
  EXPECT_THAT(take(AMQP_FRAME_METHOD, 1, method(AMQP_BASIC_PUBLISH_METHOD, "")), HasSubstr("only clients send"));
  EXPECT_EQ(first.event, "");
}

TEST_F(ChannelsTest, ANumberThatIsOpenedAgainBelongsToTheNewUser) {
  channels.open(1, third);
  EXPECT_EQ(take(AMQP_FRAME_BODY, 1, "x"), "");
  EXPECT_EQ(first.event, "");
  EXPECT_EQ(third.event, "body x");
}

}  // namespace
}  // namespace mombridge::amqp
