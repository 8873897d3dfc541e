#include "base/inbox.hpp"

#include <semaphore>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace mombridge {
namespace {

struct Item {
  unsigned producer = 0, number = 0;
};

TEST(Inbox, GivesBackInTheOrderOfPushing) {
  Inbox<Item> inbox;
  std::vector<Item> items(5);
  for (unsigned i = 0; i < items.size(); ++i) {
    items[i].number = i;
    EXPECT_EQ(inbox.push(&items[i]), i == 0) << "only the first must wake the consumer";
  }
  EXPECT_FALSE(inbox.empty());
  unsigned expected = 0;
  for (auto* item : inbox.take()) EXPECT_EQ(item->number, expected++);
  EXPECT_EQ(expected, items.size());
  EXPECT_TRUE(inbox.empty());
  EXPECT_TRUE(inbox.take().empty());
}

TEST(Inbox, WakesAgainAfterItWasTaken) {
  Inbox<Item> inbox;
  Item a, b;
  EXPECT_TRUE(inbox.push(&a));
  EXPECT_EQ(inbox.take(), std::vector{&a});
  EXPECT_TRUE(inbox.push(&b));
  EXPECT_EQ(inbox.take(), std::vector{&b});
}

// The consumer sleeps until it is woken: a wake-up that push() failed to ask for would hang this test, and an item that
// got lost or came out of order would fail it.
TEST(Inbox, LosesNothingAndKeepsEachProducersOrderUnderStress) {
  constexpr unsigned kProducers = 4, kItems = 50'000;
  Inbox<Item> inbox;
  std::counting_semaphore<> woken(0);
  std::vector<std::vector<Item>> items(kProducers);
  std::vector<std::thread> producers;
  for (unsigned p = 0; p < kProducers; ++p) {
    items[p] = std::vector<Item>(kItems);
    producers.emplace_back([&, p] {
      for (unsigned i = 0; i < kItems; ++i) {
        items[p][i].producer = p;
        items[p][i].number = i;
        if (inbox.push(&items[p][i])) woken.release();
      }
    });
  }
  std::vector<unsigned> next(kProducers);
  unsigned taken = 0, out_of_order = 0;
  while (taken < kProducers * kItems) {
    ASSERT_TRUE(woken.try_acquire_for(std::chrono::seconds(60))) << "after " << taken;
    for (auto* item : inbox.take()) {
      ++taken;
      out_of_order += item->number != next[item->producer]++;
    }
  }
  for (auto& producer : producers) producer.join();
  EXPECT_EQ(out_of_order, 0u);
  EXPECT_TRUE(inbox.empty());
}

}  // namespace
}  // namespace mombridge
