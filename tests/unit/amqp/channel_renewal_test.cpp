#include "broker/amqp/channel_renewal.hpp"

#include <string>

#include <gtest/gtest.h>

namespace mombridge::amqp {
namespace {

using namespace std::chrono_literals;

class ChannelRenewalTest : public testing::Test {
 protected:
  bool nack_after(Duration time, std::string_view key = "queue") { return renewal.nacked("", key, now += time); }
  /// The broker's part of an exchange that has begun.
  void exchange() {
    ASSERT_TRUE(renewal.may_close(true));
    ASSERT_TRUE(renewal.closed());
    renewal.opening();
  }

  ChannelRenewal renewal{3s, 10s};
  TimePoint now{};
};

TEST_F(ChannelRenewalTest, BeginsAfterAWhileOfNothingButNacks) {
  EXPECT_TRUE(renewal.idle());
  EXPECT_FALSE(nack_after(0s));
  EXPECT_FALSE(renewal.idle());
  EXPECT_FALSE(nack_after(2999ms));
  EXPECT_FALSE(renewal.under_way());
  EXPECT_TRUE(nack_after(1ms));
  EXPECT_TRUE(renewal.under_way());
  EXPECT_FALSE(nack_after(20s)) << "one at a time";
}

TEST_F(ChannelRenewalTest, AnAckBegins) {
  nack_after(0s);
  renewal.acked("", "queue");
  EXPECT_TRUE(renewal.idle());
  EXPECT_FALSE(nack_after(3s));
  renewal.acked("exchange", "queue");
  renewal.acked("", "another");
  EXPECT_TRUE(nack_after(3s)) << "those were other places";
}

TEST_F(ChannelRenewalTest, OthersThatFlowChangeNothing) {
  nack_after(0s);
  nack_after(2s, "late");
  EXPECT_FALSE(nack_after(1500ms, "late"));
  EXPECT_TRUE(nack_after(0s));
}

TEST_F(ChannelRenewalTest, ClosesOnceNothingIsUnconfirmed) {
  EXPECT_FALSE(renewal.may_close(true)) << "nobody asked for it";
  EXPECT_FALSE(renewal.closed());
  nack_after(0s);
  ASSERT_TRUE(nack_after(3s));
  EXPECT_FALSE(renewal.may_close(false));
  EXPECT_FALSE(renewal.closed());
  EXPECT_TRUE(renewal.may_close(true));
  EXPECT_FALSE(renewal.may_close(true)) << "once";
  EXPECT_TRUE(renewal.closed());
  renewal.opening();
  EXPECT_FALSE(renewal.under_way());
}

TEST_F(ChannelRenewalTest, TheConnectionIsGivenUpWhereTheBrokerIsSlow) {
  EXPECT_EQ(renewal.left(now), Duration::max());
  nack_after(0s);
  ASSERT_TRUE(nack_after(3s));
  EXPECT_EQ(renewal.left(now), 5s);
  EXPECT_TRUE(renewal.may_close(true));
  EXPECT_EQ(renewal.left(now + 4s), 1s) << "also while the close is not confirmed";
  EXPECT_EQ(renewal.left(now + 5s), 0s);
  EXPECT_EQ(renewal.left(now + 9s), 0s);
  renewal.opening();
  EXPECT_EQ(renewal.left(now + 9s), Duration::max());
}

TEST_F(ChannelRenewalTest, EverMoreSeldom) {
  nack_after(0s);
  for (auto wait : {3s, 6s, 10s, 10s}) {
    EXPECT_FALSE(nack_after(wait - 1ms));
    ASSERT_TRUE(nack_after(1ms)) << wait.count();
    exchange();
  }
  renewal.acked("", "queue");
  nack_after(0s);
  EXPECT_TRUE(nack_after(3s)) << "it flowed in between";
}

TEST_F(ChannelRenewalTest, ANewChannelIsNewToEveryPlace) {
  nack_after(0s);
  nack_after(1s, "late");
  ASSERT_TRUE(nack_after(2s));
  exchange();
  EXPECT_FALSE(nack_after(2s, "late"));
  EXPECT_TRUE(nack_after(1s, "late"));
}

TEST_F(ChannelRenewalTest, WhatWasSeenLongAgoSaysNothing) {
  nack_after(0s);
  EXPECT_FALSE(nack_after(61s));
  EXPECT_TRUE(nack_after(3s));
}

TEST_F(ChannelRenewalTest, KeysFromMessagesDoNotPileUp) {
  for (int i = 0; i < 1000; ++i) nack_after(0s, "old." + std::to_string(i));
  nack_after(0s, "one more");
  EXPECT_FALSE(nack_after(3s, "one more")) << "there was no room for it";
  nack_after(61s, "new");
  EXPECT_TRUE(nack_after(3s, "new"));
}

}  // namespace
}  // namespace mombridge::amqp
