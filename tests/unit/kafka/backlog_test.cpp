#include "broker/kafka/backlog.hpp"

#include <thread>

#include "parts.hpp"

namespace mombridge::kafka {
namespace {

using Added = Backlog::Added;

TEST(Backlog, WakesForTheFirstAndKeepsTheOrder) {
  Backlog backlog;
  TestPublication one("t"), two("t");
  EXPECT_FALSE(backlog.waiting());
  EXPECT_EQ(backlog.add(one), Added::first);
  EXPECT_EQ(backlog.add(two), Added::behind);
  EXPECT_EQ(backlog.take(), &one);
  EXPECT_EQ(backlog.take(), &two);
  EXPECT_EQ(backlog.take(), nullptr);
}

TEST(Backlog, CallersQueueUntilTheOneThatWasTakenIsSent) {
  Backlog backlog;
  TestPublication one("t");
  (void)backlog.add(one);
  (void)backlog.take();
  EXPECT_TRUE(backlog.waiting()) << "else a later one could overtake it";
  backlog.put_back(one);
  EXPECT_EQ(backlog.take(), &one);
  backlog.finished();
  EXPECT_FALSE(backlog.waiting());
}

TEST(Backlog, WhatComesBackGoesFirst) {
  Backlog backlog;
  TestPublication one("t"), two("t"), three("t");
  (void)backlog.add(three);
  backlog.put_first({&one, &two});
  for (auto* expected : {&one, &two, &three}) {
    EXPECT_EQ(backlog.take(), expected);
    EXPECT_TRUE(backlog.waiting());
    backlog.finished();
  }
  EXPECT_FALSE(backlog.waiting());
}

TEST(Backlog, TakesNothingOnceItIsClosed) {
  Backlog backlog;
  TestPublication one("t"), two("t");
  (void)backlog.add(one);
  backlog.close();
  EXPECT_EQ(backlog.add(two), Added::closed);
  bool called = false;
  backlog.unless_closed([&] { called = true; });
  EXPECT_FALSE(called);
  EXPECT_EQ(backlog.take_all(), std::vector<Publication*>{&one});
  EXPECT_FALSE(backlog.waiting());
}

TEST(Backlog, EachThreadKeepsItsOrder) {
  constexpr int kThreads = 3, kCount = 1000;
  Backlog backlog;
  std::deque<TestPublication> all;
  for (int i = 0; i < kThreads * kCount; ++i) all.emplace_back("t", std::to_string(i));
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kCount; ++i) (void)backlog.add(all[static_cast<size_t>(t * kCount + i)]);
    });
  std::vector<int> next(kThreads);
  for (int taken = 0; taken < kThreads * kCount;) {
    auto* p = backlog.take();
    if (!p) continue;
    int number = std::stoi(std::string(p->message->body));
    EXPECT_EQ(number % kCount, next[static_cast<size_t>(number / kCount)]++);
    backlog.finished();
    ++taken;
  }
  for (auto& thread : threads) thread.join();
  EXPECT_FALSE(backlog.waiting());
}

}  // namespace
}  // namespace mombridge::kafka
