// How the sources of a process share its memory.

#include "broker/source/memory_budget.hpp"

#include <deque>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "broker/source/byte_budget.hpp"
#include "broker/source/memory_reserve.hpp"
#include "broker/source/memory_share.hpp"
#include "broker/source/pushed_memory.hpp"

namespace mombridge::source {
namespace {

constexpr uint64_t kMiB = 1 << 20;

/// Messages of one size, which their source reads for as long as it may.
class Source {
 public:
  Source(MemoryBudget& budget, uint64_t body) : share(budget, "lake", "orders"), body_(body) {}
  /// Reads up to so many messages. Returns how many it might.
  size_t read(size_t most) {
    size_t count = 0;
    while (count < most && !share.spent()) {
      share.add(body_);
      in_flight.push_back(body_);
      ++count;
    }
    return count;
  }
  void settle(size_t count) {
    for (; count && !in_flight.empty(); --count, in_flight.pop_front()) share.release(in_flight.front());
  }
  MemoryShare share;
  std::deque<uint64_t> in_flight;

 private:
  uint64_t body_;
};

constexpr size_t kAll = SIZE_MAX;

TEST(MemoryBudgetTest, OneSourceAloneHasSevenEighths) {
  MemoryBudget budget(64 * kMiB);
  Source source(budget, 10'000);
  source.read(kAll);
  EXPECT_NEAR(static_cast<double>(source.share.used()), 56.0 * kMiB, 1.0 * kMiB);
  EXPECT_EQ(budget.uses().at({"lake", "orders"}), source.share.used()) << "others see it to the byte";
  source.settle(kAll);
  EXPECT_EQ(source.share.used(), 0u);
  EXPECT_EQ(budget.uses().at({"lake", "orders"}), 0u);
  EXPECT_EQ(budget.left(), 16 * kMiB) << "all of it is given back";
}

TEST(MemoryBudgetTest, TheSumStaysBelowTheWholeHoweverManyAreGreedy) {
  for (size_t sources : {1, 2, 7, 50}) {
    MemoryBudget budget(64 * kMiB);
    std::deque<Source> all;
    for (size_t i = 0; i < sources; ++i) all.emplace_back(budget, 10'000);
    for (auto& source : all) source.read(kAll);
    uint64_t sum = 0;
    for (auto& source : all) sum += source.share.used();
    // One message and one step of counting each.
    EXPECT_LE(sum, 64 * kMiB + sources * (13'000 + budget.guaranteed() / 8)) << sources;
    EXPECT_GE(sum, 48 * kMiB) << sources;
  }
}

TEST(MemoryBudgetTest, AGreedySourceDoesNotStarveTheOthers) {
  MemoryBudget budget(64 * kMiB);
  Source greedy(budget, 10'000);
  std::deque<Source> others;
  for (int i = 0; i < 9; ++i) others.emplace_back(budget, 10'000);
  greedy.read(kAll);
  EXPECT_TRUE(greedy.share.spent());
  for (auto& other : others) {
    EXPECT_FALSE(other.share.spent());
    other.read(kAll);
    EXPECT_GE(other.share.used(), budget.guaranteed()) << "each has its part";
  }
  EXPECT_EQ(budget.guaranteed(), 48 * kMiB / 10);
}

// The greedy one's destination is away for good; those of the others work.
TEST(MemoryBudgetTest, TheOthersGoOnForAsLongAsOneIsStuck) {
  MemoryBudget budget(16 * kMiB);
  Source stuck(budget, 100'000);
  Source works(budget, 100'000), too(budget, 100'000);
  stuck.read(kAll);
  for (int round = 0; round < 1000; ++round)
    for (auto* source : {&works, &too}) {
      ASSERT_GE(source->read(5), 5u) << round;
      source->settle(5);
      ASSERT_EQ(stuck.read(kAll), 0u) << "it has its part";
    }
}

TEST(MemoryBudgetTest, AMessageThatIsLargerThanAllOfItIsTakenAlone) {
  MemoryBudget budget(16 * kMiB);
  Source first(budget, 100 * kMiB), second(budget, 100 * kMiB);
  EXPECT_EQ(first.read(kAll), 1u);
  EXPECT_EQ(second.read(kAll), 1u) << "it has nothing in flight, and must get on, too";
  EXPECT_FALSE(first.share.has_room());
  first.settle(1);
  EXPECT_TRUE(first.share.has_room());
  EXPECT_EQ(first.read(kAll), 1u);
}

TEST(MemoryBudgetTest, ThereIsRoomAgainWhenItIsHalfFree) {
  MemoryBudget budget(64 * kMiB);
  Source source(budget, 10'000), other(budget, 10'000);
  other.read(kAll);
  source.read(kAll);
  EXPECT_FALSE(source.share.has_room());
  source.settle(1);
  EXPECT_FALSE(source.share.has_room()) << "not for a single one";
  while (!source.share.has_room() && !source.in_flight.empty()) source.settle(1);
  EXPECT_GE(source.share.used(), budget.guaranteed() / 2 - 13'000) << "not when it is empty only";
  EXPECT_FALSE(source.share.spent());
}

TEST(MemoryBudgetTest, AnotherSizeCountsFromNowOn) {
  MemoryBudget budget(64 * kMiB);
  Source source(budget, 10'000);
  source.read(kAll);
  budget.change_to(32 * kMiB);
  EXPECT_TRUE(source.share.spent());
  while (source.share.spent()) source.settle(1);
  EXPECT_LE(source.share.used(), 28 * kMiB + 13'000);
  budget.change_to(64 * kMiB);
  source.read(kAll);
  EXPECT_NEAR(static_cast<double>(source.share.used()), 56.0 * kMiB, 1.0 * kMiB);
}

TEST(MemoryBudgetTest, ASourceThatGoesLeavesItsPartToTheOthers) {
  MemoryBudget budget(64 * kMiB);
  auto one = std::make_unique<Source>(budget, 10'000);
  Source other(budget, 10'000);
  one->read(kAll);
  EXPECT_EQ(budget.uses().at({"lake", "orders"}), one->share.used()) << "those of one name are one";
  EXPECT_EQ(budget.guaranteed(), 24 * kMiB);
  one.reset();
  EXPECT_EQ(budget.guaranteed(), 48 * kMiB);
  EXPECT_EQ(budget.left(), 16 * kMiB);
  EXPECT_EQ(budget.uses().at({"lake", "orders"}), 0u);
}

TEST(MemoryBudgetTest, SmallMessagesCountWithWhatTheyTakeBesideTheirBytes) {
  MemoryBudget budget(16 * kMiB);
  Source source(budget, 0);
  auto count = source.read(kAll);
  EXPECT_LE(count, 14 * kMiB / MemoryShare::kPerMessage + 200);
  EXPECT_GT(count, 1000u);
}

TEST(MemoryReserveTest, TheQueuesOfAllClientsShareASixteenth) {
  MemoryBudget budget(256 * kMiB);
  std::deque<MemoryReserve> all;
  auto& one = all.emplace_back(budget);
  one.expect_queue();
  one.expect_queue();
  EXPECT_EQ(one.queue_limit(), 4 * kMiB) << "more would only lie there";
  for (int i = 0; i < 7; ++i) all.emplace_back(budget).expect_queue();
  EXPECT_EQ(one.queue_limit(), 2 * kMiB);
  EXPECT_EQ(all.back().queue_limit(), 2 * kMiB);
  for (int i = 0; i < 1000; ++i) all.emplace_back(budget).expect_queue();
  EXPECT_EQ(one.queue_limit(), 64u << 10) << "less would be slow";
  while (all.size() > 1) all.pop_back();
  EXPECT_EQ(one.queue_limit(), 4 * kMiB);
}

TEST(MemoryReserveTest, WhatIsSetAsideIsNobodyElses) {
  MemoryBudget budget(64 * kMiB);
  {
    MemoryReserve reserve(budget);
    reserve.hold(16 * kMiB);
    EXPECT_EQ(budget.reserved(), 16 * kMiB);
    EXPECT_EQ(budget.left(), 12 * kMiB);
    reserve.hold(1000 * kMiB);
    EXPECT_EQ(budget.left(), 8 * kMiB) << "half of the whole stays for what is in flight";
  }
  EXPECT_EQ(budget.reserved(), 0u);
  EXPECT_EQ(budget.left(), 16 * kMiB);
}

TEST(PushedMemoryTest, IsRefusedBeyondAnEighth) {
  MemoryBudget budget(64 * kMiB);
  {
    PushedMemory pushed(budget);
    EXPECT_TRUE(pushed.enter(100 * kMiB)) << "one message, however large";
    EXPECT_FALSE(pushed.enter(1));
    pushed.change(-100 * static_cast<int64_t>(kMiB));
    for (int i = 0; i < 8; ++i) EXPECT_TRUE(pushed.enter(kMiB));
    EXPECT_FALSE(pushed.enter(1));
    EXPECT_EQ(pushed.bytes(), 8 * kMiB);
    EXPECT_EQ(budget.pushed(), 8 * kMiB);
    EXPECT_EQ(budget.left(), 8 * kMiB) << "others have so much less";
  }
  EXPECT_EQ(budget.pushed(), 0u);
  EXPECT_EQ(budget.left(), 16 * kMiB);
}

TEST(ByteBudgetTest, CountsForTheWholeProcess) {
  {
    ByteBudget budget(1 << 20, "test", "orders");
    EXPECT_TRUE(budget.idle());
    budget.add(500'000);
    EXPECT_FALSE(budget.idle());
    EXPECT_EQ(memory_budget().uses().at({"test", "orders"}), 500'000 + MemoryShare::kPerMessage);
    EXPECT_FALSE(budget.spent());
    budget.add(600'000);
    EXPECT_TRUE(budget.spent()) << "its own limit";
    budget.release(500'000);
  }
  EXPECT_TRUE(memory_budget().uses().empty());
}

}  // namespace
}  // namespace mombridge::source
