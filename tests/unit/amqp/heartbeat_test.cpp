#include "broker/amqp/heartbeat.hpp"

#include <gtest/gtest.h>

namespace mombridge::amqp {
namespace {

using Next = Heartbeat::Next;

class HeartbeatRule : public testing::Test {
 protected:
  HeartbeatRule() { heartbeat.begin(10s, start); }
  static TimePoint at(Duration after) { return start + after; }

  static constexpr TimePoint start{1000s};
  Heartbeat heartbeat;
};

TEST_F(HeartbeatRule, NoneAreWantedWithoutAnInterval) {
  EXPECT_TRUE(heartbeat.wanted());
  EXPECT_EQ(heartbeat.period(), 5s);
  heartbeat.begin(0s, start);
  EXPECT_FALSE(heartbeat.wanted());
}

TEST_F(HeartbeatRule, BeatsWhereNothingElseWasSentForHalfAnInterval) {
  EXPECT_EQ(heartbeat.check(at(5s), at(4s), at(0s), true, false), Next::beat);
  EXPECT_EQ(heartbeat.check(at(10s), at(9s), at(7s), true, false), Next::nothing);
  EXPECT_EQ(heartbeat.check(at(15s), at(14s), at(7s), true, false), Next::beat);
}

TEST_F(HeartbeatRule, DoesNotBeatBehindBytesThatWait) {
  EXPECT_EQ(heartbeat.check(at(5s), at(4s), at(0s), true, true), Next::nothing);
}

TEST_F(HeartbeatRule, GivesUpAfterTwoIntervalsOfSilence) {
  for (auto now = 5s; now <= 20s; now += 5s)
    EXPECT_EQ(heartbeat.check(at(now), at(0s), at(now), true, false), Next::nothing);
  EXPECT_EQ(heartbeat.check(at(25s), at(0s), at(25s), true, false), Next::dead);
}

TEST_F(HeartbeatRule, SilenceOfOneThatIsNotReadSaysNothing) {
  for (auto now = 5s; now <= 60s; now += 5s)
    EXPECT_EQ(heartbeat.check(at(now), at(0s), at(now - 5s), false, false), Next::beat);
}

// The process was stopped from 5 s on, and its broker's heartbeats may lie in the socket.
TEST_F(HeartbeatRule, ACheckThatComesLateExcusesTheSilenceBefore) {
  EXPECT_EQ(heartbeat.check(at(5s), at(5s), at(5s), true, false), Next::nothing);
  EXPECT_EQ(heartbeat.check(at(100s), at(5s), at(100s), true, false), Next::nothing);
  for (auto now = 105s; now <= 120s; now += 5s)
    EXPECT_EQ(heartbeat.check(at(now), at(5s), at(now), true, false), Next::nothing);
  EXPECT_EQ(heartbeat.check(at(125s), at(5s), at(125s), true, false), Next::dead) << "from there on it counts again";
}

}  // namespace
}  // namespace mombridge::amqp
