#include "base/timers.hpp"

#include <string>

#include <gtest/gtest.h>

namespace mombridge {
namespace {

constexpr TimePoint kStart(1h);

TEST(Timers, RunInTheOrderOfTimeAndThenOfAdding) {
  Timers timers;
  std::string order;
  timers.add(kStart + 2s, [&] { order += 'b'; });
  timers.add(kStart + 2s, [&] { order += 'c'; });
  timers.add(kStart + 1s, [&] { order += 'a'; });
  timers.add(kStart + 3s, [&] { order += 'd'; });
  timers.run(kStart + 2s - 1ns);
  EXPECT_EQ(order, "a");
  timers.run(kStart + 2s);
  EXPECT_EQ(order, "abc");
}

TEST(Timers, SayWhenTheNextIsDue) {
  Timers timers;
  EXPECT_EQ(timers.until_next(kStart), Duration::max());
  auto later = timers.add(kStart + 5s, [] {});
  auto first = timers.add(kStart + 1s, [] {});
  EXPECT_EQ(timers.until_next(kStart), 1s);
  EXPECT_EQ(timers.until_next(kStart + 3s), -2s);
  timers.cancel(first);
  EXPECT_EQ(timers.until_next(kStart), 5s);
  timers.cancel(later);
  EXPECT_EQ(timers.until_next(kStart), Duration::max());
}

TEST(Timers, CancelledOnesDoNotRun) {
  Timers timers;
  int runs = 0;
  Timers::Id other = 0;
  auto id = timers.add(kStart, [&] {
    ++runs;
    timers.cancel(other);
  });
  other = timers.add(kStart, [&] { ++runs; });
  timers.cancel(0);
  timers.run(kStart);
  EXPECT_EQ(runs, 1);
  timers.cancel(id);
  timers.run(kStart + 1s);
  EXPECT_EQ(runs, 1);
}

TEST(Timers, WhatATaskAddsWaitsForTheNextRun) {
  Timers timers;
  int runs = 0;
  Timers::Task again = [&] {
    ++runs;
    timers.add(kStart, again);
  };
  timers.add(kStart, again);
  timers.run(kStart);
  EXPECT_EQ(runs, 1);
  timers.run(kStart);
  EXPECT_EQ(runs, 2);
}

}  // namespace
}  // namespace mombridge
