// What the sources of all kinds of brokers share.

#include <array>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "base/event_loop.hpp"
#include "broker/source/byte_budget.hpp"
#include "broker/source/pool.hpp"
#include "broker/source/redelivery.hpp"
#include "broker/source/target_from.hpp"

namespace mombridge::source {
namespace {

struct Thing {
  explicit Thing(int o) : owner(o) {}
  Thing(const Thing&) = delete;
  Thing& operator=(const Thing&) = delete;
  int owner;
  std::vector<int> memory;
};

TEST(PoolTest, HandsOutWhatWasRecycledBeforeItMakesMore) {
  Pool<Thing> pool;
  auto &a = pool.take(1), &b = pool.take(1);
  EXPECT_NE(&a, &b);
  b.memory.resize(100);
  pool.recycle(b);
  auto& again = pool.take(2);
  EXPECT_EQ(&again, &b);
  EXPECT_EQ(again.owner, 1) << "only a new one is made from the arguments";
  EXPECT_EQ(again.memory.size(), 100u) << "an object keeps what it owns";
  EXPECT_EQ(pool.take(3).owner, 3);
}

TEST(PoolTest, ObjectsKeepTheirAddress) {
  Pool<Thing> pool;
  std::vector<Thing*> all;
  for (int i = 0; i < 1000; ++i) all.push_back(&pool.take(i));
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(all[static_cast<size_t>(i)]->owner, i);
}

TEST(PoolTest, GoesThroughThoseInUseAndThoseThatAreFree) {
  Pool<Thing> pool;
  auto& free = pool.take(1);
  pool.take(2);
  pool.recycle(free);
  std::multiset<int> owners;
  pool.for_each([&](Thing& thing) { owners.insert(thing.owner); });
  EXPECT_EQ(owners, (std::multiset<int>{1, 2}));
}

TEST(PoolTest, GivesBackWhatABurstHasLeftOver) {
  Pool<Thing> pool;
  auto& used = pool.take(0);
  std::vector<Thing*> burst;
  for (int i = 1; i < 1000; ++i) burst.push_back(&pool.take(i));
  for (auto* thing : burst) pool.recycle(*thing);
  auto now = Clock::now();
  EXPECT_EQ(pool.trim(now), 1s);
  EXPECT_EQ(pool.size(), 1000u) << "all of them were needed lately";
  for (int i = 0; i < 100; ++i) burst[static_cast<size_t>(i)] = &pool.take(i);
  for (int i = 0; i < 100; ++i) pool.recycle(*burst[static_cast<size_t>(i)]);
  EXPECT_EQ(pool.trim(now + 500ms), 1s);
  EXPECT_EQ(pool.size(), 1000u) << "not so soon";
  EXPECT_EQ(pool.trim(now + 1s), 1s);
  EXPECT_EQ(pool.size(), 117u) << "those that were needed, and a few";
  EXPECT_EQ(used.owner, 0) << "it is in use, and stays";
  EXPECT_EQ(pool.trim(now + 2s), Duration::max()) << "until more are free";
  EXPECT_EQ(pool.size(), 17u);
  std::set<Thing*> all;
  for (int i = 0; i < 50; ++i) all.insert(&pool.take(i));
  EXPECT_EQ(all.size(), 50u);
}

TEST(ByteBudgetTest, IsSpentAtItsLimitAndHalfFreeAtItsHalf) {
  ByteBudget budget(10);
  EXPECT_FALSE(budget.spent());
  EXPECT_TRUE(budget.half_free());
  budget.add(9);
  EXPECT_FALSE(budget.spent());
  EXPECT_FALSE(budget.half_free());
  budget.add(100);
  EXPECT_TRUE(budget.spent()) << "one message may be larger than the whole";
  budget.release(100);
  EXPECT_FALSE(budget.spent());
  EXPECT_FALSE(budget.half_free());
  budget.release(4);
  EXPECT_TRUE(budget.half_free());
  budget.add(5);
  EXPECT_TRUE(budget.spent());
  EXPECT_EQ(budget.in_flight(), 10u);
}

TEST(TargetFromTest, TakesTheTextOfTheLastSuchHeader) {
  std::array headers{Header{"to", Value::of(std::string_view("first"))},
                     Header{"to", Value::of(std::string_view("last"))}};
  Message message;
  message.target = "own";
  message.headers = headers;
  take_target_from("", message);
  EXPECT_EQ(message.target, "own");
  take_target_from("other", message);
  EXPECT_EQ(message.target, "own");
  take_target_from("to", message);
  EXPECT_EQ(message.target, "last");
}

TEST(TargetFromTest, ANumberIsNoTarget) {
  std::array headers{Header{"to", Value::of(int64_t{7})}};
  Message message;
  message.target = "own";
  message.headers = headers;
  take_target_from("to", message);
  EXPECT_EQ(message.target, "own");
}

struct FakeDelivery {
  Message message;
  unsigned tries = 0;
};

TEST(RedeliveryTest, ComesAgainMarkedAndLaterEachTime) {
  EventLoop loop("test");
  FakeDelivery delivery;
  std::vector<TimePoint> times;
  Redelivery<FakeDelivery>* again = nullptr;
  Redelivery<FakeDelivery> redelivery(loop, [&](FakeDelivery& d) {
    EXPECT_EQ(&d, &delivery);
    EXPECT_TRUE(d.message.redelivered);
    times.push_back(Clock::now());
    if (times.size() == 4) return loop.quit();
    again->schedule(d);
  });
  again = &redelivery;
  auto begin = Clock::now();
  redelivery.schedule(delivery);
  EXPECT_FALSE(delivery.message.redelivered) << "its holder may still look at it";
  loop.run();
  EXPECT_EQ(delivery.tries, 4u);
  EXPECT_GE(times[0] - begin, 5ms);
  // 10, 20, 40, 80 ms, each between its half and its whole.
  EXPECT_GE(times[3] - times[2], 40ms);
}

}  // namespace
}  // namespace mombridge::source
