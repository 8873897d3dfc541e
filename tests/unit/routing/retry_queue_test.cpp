// Waits on a real loop.

#include "routing/retry_queue.hpp"

#include <atomic>
#include <vector>

#include <gtest/gtest.h>

#include "doubles/fake_broker.hpp"

namespace mombridge::routing {
namespace {

using mombridge::test::eventually;

struct Waiting final : Retryable {
  void retry() noexcept override { ++retried; }
  void give_back() noexcept override { ++given_back; }
  std::atomic<int> retried{0}, given_back{0};
};

TEST(RetryQueue, EachComesBackOnceAndInTurn) {
  EventLoop loop("timers");
  LoopRetryQueue queue(loop);
  loop.start();
  Waiting late, soon, now;
  queue.add(late, 1h);
  queue.add(soon, 5ms);
  queue.add(now, 0ms);
  EXPECT_TRUE(eventually([&] { return soon.retried == 1 && now.retried == 1; }));
  EXPECT_EQ(late.retried, 0);
  queue.stop();
  EXPECT_EQ(late.given_back, 1);
  EXPECT_EQ(soon.given_back + now.given_back, 0);
  loop.stop();
}

TEST(RetryQueue, ADrainEndsTheWaitsThatAskForIt) {
  struct UntilDrain final : Retryable {
    void retry() noexcept override { ++retried; }
    void give_back() noexcept override {}
    [[nodiscard]] bool ends_with_drain() const noexcept override { return true; }
    std::atomic<int> retried{0};
  };
  EventLoop loop("timers");
  LoopRetryQueue queue(loop);
  Waiting other;
  UntilDrain one;
  queue.add(other, 1h);
  queue.add(one, 1h);
  queue.drain();
  EXPECT_TRUE(queue.draining());
  EXPECT_EQ(one.retried, 1);
  EXPECT_EQ(other.retried, 0);
  queue.stop();
  EXPECT_EQ(other.given_back, 1);
}

TEST(RetryQueue, GivesBackWhatComesAfterItsStop) {
  EventLoop loop("timers");
  LoopRetryQueue queue(loop);
  EXPECT_FALSE(queue.stopped());
  queue.stop();
  EXPECT_TRUE(queue.stopped());
  Waiting waiting;
  queue.add(waiting, 0ms);
  EXPECT_EQ(waiting.given_back, 1);
}

}  // namespace
}  // namespace mombridge::routing
