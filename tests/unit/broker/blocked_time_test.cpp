#include "broker/blocked_time.hpp"

#include <thread>

#include <gtest/gtest.h>

namespace mombridge {
namespace {

TEST(BlockedTime, CountsWhileItGoesOnAndNoLonger) {
  BlockedTime time;
  EXPECT_EQ(time.value(), Duration::zero());
  time.begin();
  std::this_thread::sleep_for(2ms);
  EXPECT_GE(time.value(), 2ms);
  time.end();
  auto total = time.value();
  EXPECT_GE(total, 2ms);
  std::this_thread::sleep_for(2ms);
  EXPECT_EQ(time.value(), total);
}

TEST(BlockedTime, OfTwoLinksCountsOnceUntilTheLastOneGoesOn) {
  BlockedTime time;
  auto began = Clock::now();
  time.begin();
  time.begin();
  time.end();
  std::this_thread::sleep_for(2ms);
  EXPECT_GE(time.value(), 2ms) << "the other one is blocked";
  time.end();
  EXPECT_LE(time.value(), Clock::now() - began);
}

}  // namespace
}  // namespace mombridge
