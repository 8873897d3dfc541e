#include "broker/kafka/removed_offsets.hpp"

#include <gtest/gtest.h>

namespace mombridge::kafka {
namespace {

TEST(RemovedOffsets, ThePrefixIsCommitted) {
  RemovedOffsets removed(10);
  removed.add(10, 11);
  removed.add(11, 13);
  EXPECT_EQ(removed.committed(), 13);
  EXPECT_EQ(removed.metadata(), "");
  EXPECT_TRUE(removed.contains(12));
  EXPECT_FALSE(removed.contains(13));
}

TEST(RemovedOffsets, WhatIsPassedOverStays) {
  RemovedOffsets removed(100);
  removed.add(103, 105);
  removed.add(115, 116);
  EXPECT_EQ(removed.committed(), 100);
  EXPECT_EQ(removed.metadata(), "removed 3+2 10+1");
  EXPECT_FALSE(removed.contains(102));
  EXPECT_TRUE(removed.contains(104));
  EXPECT_FALSE(removed.contains(105));
}

TEST(RemovedOffsets, AreReadAsTheyWereWritten) {
  RemovedOffsets removed(100, "removed 3+2 10+1");
  for (int64_t offset = 90; offset < 120; ++offset)
    EXPECT_EQ(removed.contains(offset), offset < 100 || offset == 103 || offset == 104 || offset == 115) << offset;
  EXPECT_EQ(removed.metadata(), "removed 3+2 10+1");
}

TEST(RemovedOffsets, RangesThatTouchBecomeOne) {
  RemovedOffsets removed;
  removed.add(4, 5);
  removed.add(6, 8);
  removed.add(5, 6);
  EXPECT_EQ(removed.metadata(), "removed 4+4");
  removed.add(2, 9);
  EXPECT_EQ(removed.metadata(), "removed 2+7");
  removed.add(0, 2);
  EXPECT_EQ(removed.committed(), 9);
  EXPECT_EQ(removed.metadata(), "");
}

TEST(RemovedOffsets, NonsenseEndsTheNote) {
  for (auto text : {"", "removed", "removed x", "removed 3", "removed 3+", "removed 0+1", "removed -3+2",
                    "removed 3+-1", "removed 99999999999999999999+1", "else 3+2", "removed  3+2"}) {
    RemovedOffsets removed(100, text);
    EXPECT_EQ(removed.committed(), 100) << text;
    EXPECT_EQ(removed.metadata(), "") << text;
  }
  EXPECT_EQ(RemovedOffsets(100, "removed 3+2 junk").metadata(), "removed 3+2");
  EXPECT_EQ(RemovedOffsets(-1001).committed(), 0);  // librdkafka's: nothing is committed
}

TEST(RemovedOffsets, AreFullBeforeKafkaRefusesTheNote) {
  RemovedOffsets removed;
  int64_t at = 1;
  for (; !removed.full(); at += 1'000'000'000) removed.add(at, at + 1);
  // So many may be on their way when it is full.
  for (int i = 0; i < 100; ++i, at += 1'000'000'000) removed.add(at, at + 1);
  EXPECT_LT(removed.metadata().size(), 4096u);
}

}  // namespace
}  // namespace mombridge::kafka
