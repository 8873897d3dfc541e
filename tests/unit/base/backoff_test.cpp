#include "base/backoff.hpp"

#include <gtest/gtest.h>

namespace mombridge {
namespace {

TEST(Backoff, EachWaitLiesBetweenHalfAndTheWholeOfADoublingStep) {
  for (int round = 0; round < 200; ++round) {
    Backoff backoff(100ms, 1s);
    for (Duration step : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms, 1000ms}) {
      auto wait = backoff.next();
      EXPECT_GE(wait, step / 2);
      EXPECT_LE(wait, step);
    }
  }
}

TEST(Backoff, IsJittered) {
  Backoff backoff(1s, 1s);
  auto first = backoff.next();
  bool differs = false;
  for (int i = 0; i < 50; ++i) differs |= backoff.next() != first;
  EXPECT_TRUE(differs);
}

TEST(Backoff, ResetStartsAgain) {
  Backoff backoff(10ms, 10s);
  for (int i = 0; i < 8; ++i) backoff.next();
  EXPECT_GE(backoff.next(), 1280ms);
  backoff.reset();
  EXPECT_LE(backoff.next(), 10ms);
}

TEST(Backoff, LongestIsNeverShorterThanFirst) {
  Backoff backoff(2s, 1s);
  EXPECT_GE(backoff.next(), 1s);
  EXPECT_LE(backoff.next(), 2s);
}

TEST(Backoff, AtGrowsAsNextDoesAndStaysBounded) {
  Backoff backoff(100ms, 1s);
  unsigned attempt = 1;
  for (Duration step : {100ms, 200ms, 400ms, 800ms, 1000ms}) {
    auto wait = backoff.at(attempt++);
    EXPECT_GE(wait, step / 2);
    EXPECT_LE(wait, step);
  }
  EXPECT_LE(backoff.at(4'000'000'000u), 1s);
}

TEST(Backoff, AFirstWaitOfZeroIsZeroAtOnce) {
  // Doubling zero never arrives anywhere: this must not count up to the attempt.
  auto before = Clock::now();
  EXPECT_EQ(Backoff(Duration::zero(), 1s).at(4'000'000'000u), Duration::zero());
  EXPECT_LT(Clock::now() - before, 1s);
}

}  // namespace
}  // namespace mombridge
