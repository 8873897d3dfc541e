// What is asked of the broker next, by what it has answered.

#include "broker/amqp/cautious_intake.hpp"

#include <gtest/gtest.h>

namespace mombridge::amqp {
namespace {

using Next = CautiousIntake::Next;

class CautiousIntakeTest : public testing::Test {
 protected:
  /// A get is due, and brings a message that was delivered before.
  void take() {
    ASSERT_EQ(intake.next(now), Next::get);
    EXPECT_EQ(intake.next(now), Next::nothing) << "one at a time is asked for";
    intake.got(true);
  }

  CautiousIntake intake;
  TimePoint now = TimePoint{} + 1h;
};

TEST_F(CautiousIntakeTest, AsksNothingWithoutAChannel) {
  EXPECT_EQ(intake.next(now), Next::nothing);
  intake.begin(true, 10);
  intake.end();
  EXPECT_EQ(intake.next(now), Next::nothing);
  EXPECT_EQ(intake.due(), TimePoint::max());
}

TEST_F(CautiousIntakeTest, AQueueThatCountsNothingIsConsumedAtOnce) {
  intake.begin(false, 10);
  EXPECT_FALSE(intake.careful());
  EXPECT_EQ(intake.next(now), Next::consume);
  EXPECT_EQ(intake.next(now), Next::nothing);
}

TEST_F(CautiousIntakeTest, AnEmptyQueueAndAFreshMessageGoOverToConsuming) {
  for (bool found : {false, true}) {
    intake.begin(true, 10);
    ASSERT_EQ(intake.next(now), Next::get);
    EXPECT_TRUE(intake.asked());
    found ? intake.got(false) : intake.empty();
    EXPECT_FALSE(intake.careful());
    EXPECT_EQ(intake.next(now), Next::consume);
    EXPECT_EQ(intake.next(now), Next::nothing);
    intake.settled();  // of the fresh one
    EXPECT_EQ(intake.next(now + 1h), Next::nothing);
  }
}

TEST_F(CautiousIntakeTest, RedeliveredOnesComeOneAtATime) {
  intake.begin(true, 10);
  for (int i = 0; i < 100; ++i) {
    take();
    EXPECT_EQ(intake.next(now), Next::nothing) << "before that one is settled";
    EXPECT_TRUE(intake.careful());
    intake.settled();
  }
  ASSERT_EQ(intake.next(now), Next::get);
  intake.empty();
  EXPECT_EQ(intake.next(now), Next::consume);
}

TEST_F(CautiousIntakeTest, WhatIsNotSettledDoublesTheWindowEachSecond) {
  intake.begin(true, 11);
  uint64_t taken = 0;
  for (uint64_t window : {1, 2, 4, 5}) {
    while (taken < window) {
      ASSERT_EQ(intake.next(now), Next::get);
      intake.got(true);
      ++taken;
    }
    EXPECT_EQ(intake.next(now + 999ms), Next::nothing) << window;
    if (window < 5) {
      EXPECT_EQ(intake.due(), now + 1s);
    }
    now += 1s;
  }
  EXPECT_EQ(intake.due(), TimePoint::max()) << "half of the prefetch is left for consuming";
  EXPECT_EQ(intake.next(now + 1h), Next::nothing);
  intake.settled();
  take();
}

// A cluster may take a second for each answer: hundreds of messages must not take minutes.
TEST_F(CautiousIntakeTest, SlowAnswersDoubleTheWindowToo) {
  intake.begin(true, 100);
  uint64_t asked = 0;
  for (uint64_t window : {1, 2, 4, 8}) {
    for (; asked < window; ++asked) ASSERT_EQ(intake.next(now), Next::get) << window;
    EXPECT_EQ(intake.next(now + 999ms), Next::nothing) << window;
    EXPECT_EQ(intake.due(), now + 1s);
    now += 1s;
  }
}

TEST_F(CautiousIntakeTest, ProgressDoesNotKeepTheWindowSmall) {
  intake.begin(true, 100);
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(intake.next(now), Next::get);
    intake.got(true);
    intake.settled();
    now += 300ms;
  }
  for (int i = 0; i < 8; ++i) EXPECT_EQ(intake.next(now), Next::get) << i;
  EXPECT_EQ(intake.next(now), Next::nothing);
}

TEST_F(CautiousIntakeTest, ConsumesWhenAllAnswersAreThere) {
  intake.begin(true, 10);
  ASSERT_EQ(intake.next(now), Next::get);
  now += 1s;
  ASSERT_EQ(intake.next(now), Next::get);
  intake.got(false);
  EXPECT_EQ(intake.next(now + 1h), Next::nothing) << "one is on its way";
  EXPECT_TRUE(intake.asked());
  intake.got(true);
  EXPECT_FALSE(intake.asked());
  EXPECT_EQ(intake.open(), 2u);
  EXPECT_EQ(intake.next(now), Next::consume);
}

TEST_F(CautiousIntakeTest, AnAnswerOfAClosedChannelCountsNothing) {
  intake.begin(true, 10);
  ASSERT_EQ(intake.next(now), Next::get);
  intake.end();
  EXPECT_FALSE(intake.asked());
  intake.got(true);
  intake.empty();
  EXPECT_EQ(intake.open(), 0u);
  EXPECT_EQ(intake.next(now), Next::nothing);
}

TEST_F(CautiousIntakeTest, ARefusedGetIsNotAskedAgainOnTheNextChannel) {
  intake.begin(true, 10);
  ASSERT_EQ(intake.next(now), Next::get);
  intake.refused();
  intake.begin(true, 10);
  EXPECT_EQ(intake.next(now), Next::consume);
  intake.begin(true, 10);
  EXPECT_EQ(intake.next(now), Next::get) << "the queue may be another by then";
}

TEST_F(CautiousIntakeTest, ANewChannelBeginsWithAWindowOfOne) {
  intake.begin(true, 10);
  take();
  now += 1s;
  ASSERT_EQ(intake.next(now), Next::get);
  intake.got(true);
  intake.begin(true, 10);
  take();
  EXPECT_EQ(intake.next(now), Next::nothing);
}

}  // namespace
}  // namespace mombridge::amqp
