#include "base/event_loop.hpp"

#include <future>
#include <thread>

#include <gtest/gtest.h>

#include "base/pace.hpp"
#include "doubles/no_threads.hpp"

namespace mombridge {
namespace {

// Runs the loop on this thread until a task quits it; the timer ends a test that would hang.
void run(EventLoop& loop) {
  loop.after(20s, [&loop] {
    ADD_FAILURE() << "the loop had to be ended";
    loop.quit();
  });
  loop.run();
}

TEST(EventLoopTimers, RunInOrderOfTimeAndThenOfSetting) {
  EventLoop loop("test");
  std::string order;
  loop.after(20ms, [&] { order += 'c'; });
  loop.after(1ms, [&] { order += 'a'; });
  loop.after(10ms, [&] { order += 'b'; });
  loop.after(30ms, [&] { loop.quit(); });
  run(loop);
  EXPECT_EQ(order, "abc");
}

TEST(EventLoopTimers, NeverRunEarly) {
  EventLoop loop("test");
  auto set = Clock::now();
  TimePoint ran;
  loop.after(15ms, [&] {
    ran = Clock::now();
    loop.quit();
  });
  run(loop);
  EXPECT_GE(ran - set, 15ms);
}

TEST(EventLoopTimers, CancelledOnesDoNotRun) {
  EventLoop loop("test");
  bool ran = false;
  auto id = loop.after(1ms, [&] { ran = true; });
  loop.cancel(id);
  loop.cancel(id);
  loop.cancel(0);
  loop.after(10ms, [&] { loop.quit(); });
  run(loop);
  EXPECT_FALSE(ran);
}

TEST(EventLoopTimers, MayCancelThemselvesAndEachOther) {
  EventLoop loop("test");
  EventLoop::TimerId self = 0, other = 0;
  int runs = 0;
  // Both are due at the same time, so the second is cancelled while due timers are being run.
  self = loop.after(1ms, [&] {
    ++runs;
    loop.cancel(self);
    loop.cancel(other);
    loop.after(5ms, [&] { loop.quit(); });
  });
  other = loop.after(1ms, [&] { runs += 100; });
  std::this_thread::sleep_for(3ms);
  run(loop);
  EXPECT_EQ(runs, 1);
}

TEST(EventLoopTimers, OneThatSetsItselfAgainAtOnceLeavesRoomForOthers) {
  EventLoop loop("test");
  std::function<void()> again = [&] { loop.after(0ms, again); };
  again();
  loop.post([&] { loop.after(5ms, [&] { loop.quit(); }); });
  run(loop);
}

TEST(EventLoopTimers, IdsAreNeverZeroAndNeverReused) {
  EventLoop loop("test");
  auto a = loop.after(1h, [] {});
  loop.cancel(a);
  auto b = loop.after(1h, [] {});
  EXPECT_NE(a, 0u);
  EXPECT_NE(b, 0u);
  EXPECT_NE(a, b);
}

TEST(EventLoopPost, RunsOnTheLoopsThreadInOrder) {
  EventLoop loop("test");
  loop.start();
  EXPECT_FALSE(loop.in_loop());
  std::vector<int> order;
  std::promise<bool> done;
  for (int i = 0; i < 100; ++i) loop.post([&, i] { order.push_back(i); });
  loop.post([&] { done.set_value(loop.in_loop()); });
  EXPECT_TRUE(done.get_future().get());
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[i], i);
}

TEST(EventLoopPost, FromManyThreadsLosesNothing) {
  EventLoop loop("test");
  loop.start();
  int count = 0;  // touched by the loop's thread only
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 5000; ++i) loop.post([&count] { ++count; });
    });
  for (auto& thread : threads) thread.join();
  loop.stop();
  EXPECT_EQ(count, 20'000);
}

TEST(EventLoopPost, StopRunsWhatWasPostedBefore) {
  for (int round = 0; round < 200; ++round) {
    EventLoop loop("test");
    bool ran = false;
    loop.start();
    loop.post([&] { ran = true; });
    loop.stop();
    ASSERT_TRUE(ran) << "in round " << round;
  }
}

TEST(EventLoopPost, ATaskThatPostsDoesNotKeepTheLoopFromItsTimers) {
  EventLoop loop("test");
  std::function<void()> again = [&] { loop.post(again); };
  loop.post(again);
  loop.after(5ms, [&] { loop.quit(); });
  run(loop);
}

TEST(EventLoopCall, ReturnsWhenTheTaskHasRunOnTheLoopsThread) {
  EventLoop loop("test");
  loop.start();
  bool there = false;
  loop.call([&] { there = loop.in_loop(); });
  EXPECT_TRUE(there);
}

TEST(EventLoopCall, OnTheLoopsThreadRunsAtOnce) {
  EventLoop loop("test");
  std::string order;
  loop.post([&] {
    loop.call([&] { order += 'a'; });
    order += 'b';
    loop.quit();
  });
  run(loop);
  EXPECT_EQ(order, "ab");
}

TEST(EventLoopWake, EveryWakeIsFollowedByARound) {
  EventLoop loop("test");
  std::atomic<int> seen{0};
  std::atomic<int> written{0};
  loop.before_sleep([&] {
    seen = written.load();
    seen.notify_all();
    return Duration::max();
  });
  loop.start();
  for (int i = 1; i <= 1000; ++i) {
    written = i;
    loop.wake();
    for (int s = seen; s < i; s = seen) seen.wait(s);
  }
  EXPECT_EQ(seen, 1000);
}

/// A loop that counts its rounds.
struct Counting {
  Counting() {
    loop.before_sleep([this] {
      ++rounds;
      rounds.notify_all();
      return Duration::max();
    });
    loop.start();
    await(1);
  }
  void await(int count) {
    for (int r = rounds; r < count; r = rounds) rounds.wait(r);
  }
  std::atomic<int> rounds{0};
  EventLoop loop{"counting"};
};

TEST(EventLoopWake, FromAnotherLoopItComesAtTheEndOfThatLoopsRoundAndOnce) {
  Counting destination;
  EventLoop source("source");
  source.start();
  std::promise<int> during;
  source.post([&] {
    for (int i = 0; i < 1000; ++i) destination.loop.wake();
    std::this_thread::sleep_for(20ms);
    during.set_value(destination.rounds);
  });
  EXPECT_EQ(during.get_future().get(), 1);
  destination.await(2);
  source.stop();
  EXPECT_EQ(destination.rounds, 2);
}

TEST(EventLoopWake, IsNotForgottenByALoopThatEnds) {
  Counting destination;
  EventLoop source("source");
  source.post([&] {
    destination.loop.wake();
    source.quit();
  });
  run(source);
  destination.await(2);
}

TEST(EventLoopRest, ManyWakesShareARound) {
  Counting destination;
  destination.loop.post([&] { destination.loop.rest_between_rounds(2ms); });
  auto end = Clock::now() + 200ms;
  int wakes = 0;
  for (; Clock::now() < end; ++wakes) {
    destination.loop.wake();
    auto next = Clock::now() + 50us;
    while (Clock::now() < next) continue;
  }
  EXPECT_LE(destination.rounds, 3 + (Clock::now() - end + 200ms) / 2ms) << "of " << wakes;
}

TEST(Pace, RestsForAPartOfWhatAMessageTakesAndOnlyAmongMany) {
  Pace pace;
  for (int i = 0; i < 100; ++i) pace.took(16ms);
  EXPECT_EQ(pace.rest(0), Duration::max()) << "it is for others to say";
  EXPECT_EQ(pace.rest(1), Duration::zero());
  EXPECT_GT(pace.rest(1000), 900us);
  EXPECT_LE(pace.rest(1000), 1ms);
  for (int i = 0; i < 100; ++i) pace.took(10s);
  EXPECT_EQ(pace.rest(1000), 5ms);
  for (int i = 0; i < 200; ++i) pace.took(1ms);
  EXPECT_LT(pace.rest(1000), 100us);
}

TEST(EventLoopBeforeSleep, RunsAfterAllThatWasReadyAndBoundsTheSleep) {
  EventLoop loop("test");
  int posted = 0, seen = 0, sleeps = 0;
  loop.before_sleep([&]() -> Duration {
    seen = posted;
    if (++sleeps == 3) loop.quit();
    return 1ms;  // without it the loop would sleep until the guard of run()
  });
  loop.post([&] { ++posted; });
  loop.post([&] { ++posted; });
  run(loop);
  EXPECT_EQ(seen, 2);
  EXPECT_EQ(sleeps, 3);
}

TEST(EventLoopBusy, CountsFromTheWakeUpAndIsZeroAsleep) {
  EventLoop loop("test");
  loop.start();
  std::promise<void> entered, release;
  loop.post([&] {
    entered.set_value();
    release.get_future().wait();
  });
  entered.get_future().wait();
  auto first = loop.busy_for();
  std::this_thread::sleep_for(5ms);
  EXPECT_GE(loop.busy_for(), first + 5ms);
  release.set_value();
  auto deadline = Clock::now() + 20s;
  while (loop.busy_for() != Duration::zero() && Clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(loop.busy_for(), Duration::zero());
}

TEST(EventLoopStart, ThrowsWhereThereIsNoThread) {
  EventLoop loop("test");
  test::NoThreads none;
  EXPECT_THROW(loop.start(), std::runtime_error);
  loop.stop();
}

TEST(EventLoopStop, EndsALoopThatHasNothingToDo) {
  EventLoop never_started("test");
  never_started.stop();
  EventLoop loop("test");
  loop.start(64 * 1024);
  loop.stop();
  loop.stop();
}

}  // namespace
}  // namespace mombridge
