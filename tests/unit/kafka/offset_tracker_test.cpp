#include "broker/kafka/offset_tracker.hpp"

#include <algorithm>
#include <iterator>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace mombridge::kafka {
namespace {

TEST(OffsetTracker, BeginsWithNothingToStore) {
  OffsetTracker tracker;
  EXPECT_EQ(tracker.last(), -1);
  EXPECT_FALSE(tracker.take_watermark());
  tracker.delivered(7);
  EXPECT_EQ(tracker.last(), 7);
  EXPECT_FALSE(tracker.take_watermark()) << "nothing is done yet";
}

TEST(OffsetTracker, KnowsTheFirstThatIsNotDone) {
  OffsetTracker tracker;
  EXPECT_FALSE(tracker.next());
  auto a = tracker.delivered(10), b = tracker.delivered(12);
  EXPECT_EQ(tracker.next(), 10);
  tracker.done(b);
  EXPECT_EQ(tracker.next(), 10);
  tracker.done(a);
  EXPECT_EQ(tracker.next(), 13);
  tracker.passed(20);
  EXPECT_EQ(tracker.next(), 20);
  OffsetTracker of_markers;
  of_markers.passed(5);
  EXPECT_EQ(of_markers.next(), 5);
  EXPECT_EQ(of_markers.last(), -1);
}

TEST(OffsetTracker, BeforeTheFirstDeliveryTheNextIsWhereTheReadingBegan) {
  OffsetTracker tracker;
  tracker.begins_at(7);
  EXPECT_EQ(tracker.next(), 7);
  EXPECT_FALSE(tracker.take_watermark()) << "it is committed, or not known to the group on purpose";
  tracker.passed(9);
  EXPECT_EQ(tracker.next(), 9);
  tracker.done(tracker.delivered(3));
  EXPECT_EQ(tracker.next(), 9);
  OffsetTracker lower;  // the broker has lost what came above
  lower.begins_at(100);
  lower.done(lower.delivered(3));
  EXPECT_EQ(lower.next(), 4);
}

TEST(OffsetTracker, StoresTheOneAfterTheLastWhenAllAreDone) {
  OffsetTracker tracker;
  auto a = tracker.delivered(10), b = tracker.delivered(11);
  tracker.done(a);
  tracker.done(b);
  EXPECT_EQ(tracker.take_watermark(), 12);
  EXPECT_FALSE(tracker.take_watermark()) << "once is enough";
}

TEST(OffsetTracker, StoresWhatWasPassedWhenAllBeforeItIsDone) {
  OffsetTracker tracker;
  tracker.passed(5);
  EXPECT_EQ(tracker.take_watermark(), 5) << "nothing was delivered at all: all of it were markers or aborted";
  auto a = tracker.delivered(7);
  tracker.passed(10);
  EXPECT_FALSE(tracker.take_watermark()) << "7 is not done";
  tracker.done(a);
  EXPECT_EQ(tracker.take_watermark(), 10);
  tracker.passed(10);
  EXPECT_FALSE(tracker.take_watermark()) << "once is enough";
}

TEST(OffsetTracker, WhatIsDeliveredAfterAnEndMovesBeyondIt) {
  OffsetTracker tracker;
  auto a = tracker.delivered(3);
  tracker.done(a);
  EXPECT_EQ(tracker.take_watermark(), 4);
  tracker.passed(4);
  EXPECT_FALSE(tracker.take_watermark()) << "nothing lies between 4 and the end";
  tracker.passed(6);
  EXPECT_EQ(tracker.take_watermark(), 6);
  auto b = tracker.delivered(6);
  EXPECT_FALSE(tracker.take_watermark());
  tracker.done(b);
  EXPECT_EQ(tracker.take_watermark(), 7);
}

TEST(OffsetTracker, GoesBackWithAPartitionThatBeginsAgain) {
  OffsetTracker tracker;
  auto a = tracker.delivered(100), b = tracker.delivered(101);
  tracker.done(a);
  auto c = tracker.delivered(0);
  EXPECT_EQ(tracker.last(), 0);
  EXPECT_EQ(tracker.take_watermark(), 101) << "still open";
  tracker.done(c);
  EXPECT_FALSE(tracker.take_watermark());
  tracker.done(b);
  EXPECT_EQ(tracker.take_watermark(), 1);
}

TEST(OffsetTracker, AnEndThatIsLostWithItsOffsetsIsForgotten) {
  OffsetTracker tracker;
  tracker.done(tracker.delivered(100));
  tracker.passed(110);
  EXPECT_EQ(tracker.take_watermark(), 110);
  tracker.done(tracker.delivered(0));
  EXPECT_EQ(tracker.take_watermark(), 1) << "to store 110 would leave out what is written up to there";
  tracker.passed(3);
  EXPECT_EQ(tracker.take_watermark(), 3);
}

TEST(OffsetTracker, StopsAtTheFirstThatIsNotDone) {
  OffsetTracker tracker;
  auto a = tracker.delivered(1), b = tracker.delivered(2), c = tracker.delivered(3);
  tracker.done(b);
  tracker.done(c);
  EXPECT_FALSE(tracker.take_watermark());
  tracker.done(a);
  EXPECT_EQ(tracker.take_watermark(), 4);
}

TEST(OffsetTracker, KnowsSparseOffsets) {
  OffsetTracker tracker;
  auto a = tracker.delivered(5);
  tracker.delivered(100);
  tracker.done(a);
  EXPECT_EQ(tracker.take_watermark(), 100) << "of those between there are none";
}

// Against a model that remembers everything: any order of deliveries and settlements, with gaps.
TEST(OffsetTracker, AgreesWithAModel) {
  std::mt19937 random(4711);
  for (int round = 0; round < 200; ++round) {
    struct Known {
      int64_t offset;
      uint64_t number;
      bool done;
    };
    OffsetTracker tracker;
    std::vector<Known> all;
    std::vector<size_t> open;
    int64_t next = static_cast<int64_t>(random() % 50), stored = -1;
    for (int step = 0; step < 300; ++step) {
      if (open.empty() || random() % 2) {
        next += 1 + (random() % 4 ? 0 : static_cast<int64_t>(random() % 9));
        open.push_back(all.size());
        all.push_back({next, tracker.delivered(next), false});
      } else {
        std::swap(open[random() % open.size()], open.back());
        all[open.back()].done = true;
        tracker.done(all[open.back()].number);
        open.pop_back();
      }
      if (random() % 3) continue;
      auto first = std::ranges::find(all, false, &Known::done);
      bool any = first != all.begin();
      int64_t expected = first == all.end() ? all.back().offset + 1 : first->offset;
      if (auto watermark = tracker.take_watermark()) {
        ASSERT_TRUE(any);
        ASSERT_EQ(*watermark, expected);
        ASSERT_GT(*watermark, stored) << "it never moves back";
        stored = *watermark;
      } else if (any) {
        // What was stored says the same: between it and the first that is not done there was nothing.
        ASSERT_GT(stored, std::prev(first)->offset);
        ASSERT_LE(stored, expected);
      }
    }
  }
}

}  // namespace
}  // namespace mombridge::kafka
