#include "broker/supervisor.hpp"

#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/log.hpp"

namespace mombridge {
namespace {

class SupervisorTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { log::init(log::Level::off, log::Format::text); }

  // The attempts are counted, and `on_attempt` plays the driver.
  void make(Duration first, Duration longest) {
    supervisor = std::make_unique<Supervisor>(loop, "shop", "publisher", Backoff(first, longest), [this] {
      attempts.push_back(Clock::now());
      on_attempt();
    });
  }
  void run_for(Duration time) {
    loop.after(time, [this] { loop.quit(); });
    loop.run();
  }
  LinkStatus::State state() { return supervisor->status().state; }

  EventLoop loop{"test"};
  std::unique_ptr<Supervisor> supervisor;
  std::vector<TimePoint> attempts;
  std::function<void()> on_attempt = [] {};
};

TEST_F(SupervisorTest, OpensAtOnceAndShowsIt) {
  make(1h, 1h);
  on_attempt = [this] { supervisor->opened("rabbit:5672"); };
  EXPECT_EQ(state(), LinkStatus::State::connecting);
  supervisor->start();
  EXPECT_EQ(attempts.size(), 1u);
  EXPECT_EQ(state(), LinkStatus::State::up);
  EXPECT_EQ(supervisor->status().link, "publisher");
  EXPECT_EQ(supervisor->status().detail, "rabbit:5672");
}

TEST_F(SupervisorTest, CountsHowLongItWasBlocked) {
  make(1h, 1h);
  supervisor->start();
  supervisor->opened();
  auto& time = blocked_times().at({"shop", "publisher"});
  auto before = time.value();
  std::this_thread::sleep_for(2ms);
  EXPECT_EQ(time.value(), before);
  supervisor->blocked("low on memory");
  std::this_thread::sleep_for(2ms);
  auto meanwhile = time.value();
  EXPECT_GE(meanwhile - before, 2ms) << "also while it goes on";
  supervisor->blocked("low on disk, too");
  std::this_thread::sleep_for(2ms);
  supervisor->unblocked();
  auto after = time.value();
  EXPECT_GE(after - meanwhile, 2ms);
  supervisor->pause("its destination is away");
  std::this_thread::sleep_for(2ms);
  supervisor.reset();
  auto end = time.value();
  EXPECT_GE(end - after, 2ms);
  std::this_thread::sleep_for(2ms);
  EXPECT_EQ(time.value(), end) << "a link that is gone is not blocked";
}

TEST_F(SupervisorTest, AnAttemptThatWaitsCanBeginAtOnce) {
  make(1h, 1h);
  supervisor->start();
  supervisor->retry();  // none waits
  EXPECT_EQ(attempts.size(), 1u);
  supervisor->failed({"refused"});
  supervisor->retry();
  EXPECT_EQ(attempts.size(), 2u);
  supervisor->opened();
  supervisor->retry();
  EXPECT_EQ(attempts.size(), 2u);
}

TEST_F(SupervisorTest, TriesAgainWithGrowingWaits) {
  make(20ms, 1h);
  on_attempt = [this] {
    supervisor->failed({"refused"});
    if (attempts.size() == 5) loop.quit();
  };
  supervisor->start();
  loop.run();
  ASSERT_EQ(attempts.size(), 5u);
  // The lower bounds are exact: half of 20, 40, 80 and 160 ms. Upper ones would test the machine.
  Duration least = 10ms;
  for (size_t i = 1; i < attempts.size(); ++i, least *= 2) EXPECT_GE(attempts[i] - attempts[i - 1], least) << i;
  EXPECT_EQ(state(), LinkStatus::State::failing);
  EXPECT_EQ(supervisor->status().detail, "refused");
}

TEST_F(SupervisorTest, FailedTwiceSchedulesOnceAndShowsTheLastReason) {
  make(20ms, 20ms);
  on_attempt = [this] {
    if (attempts.size() > 1) return;
    supervisor->failed({"first"});
    supervisor->failed({"second"});
  };
  supervisor->start();
  EXPECT_EQ(supervisor->status().detail, "second");
  run_for(100ms);
  EXPECT_EQ(attempts.size(), 2u);
}

TEST_F(SupervisorTest, AFailureMayAskForALongerWait) {
  make(1ms, 1ms);
  on_attempt = [this] {
    supervisor->failed({"login refused"}, 50ms);
    if (attempts.size() == 2) loop.quit();
  };
  supervisor->start();
  loop.run();
  ASSERT_EQ(attempts.size(), 2u);
  EXPECT_GE(attempts[1] - attempts[0], 50ms);
}

TEST_F(SupervisorTest, ALinkThatBreaksIsTriedAgain) {
  make(5ms, 5ms);
  on_attempt = [this] { supervisor->opened(); };
  supervisor->start();
  supervisor->failed({"reset by peer"});
  EXPECT_EQ(state(), LinkStatus::State::failing);
  run_for(50ms);
  EXPECT_EQ(attempts.size(), 2u);
  EXPECT_EQ(state(), LinkStatus::State::up);
}

TEST_F(SupervisorTest, AReasonIsKeptWhenLaterOnesAreVaguer) {
  make(1h, 1h);
  supervisor->start();
  supervisor->failed({"the broker closed the connection", true});
  EXPECT_EQ(supervisor->status().detail, "the broker closed the connection") << "better than nothing";
  supervisor->failed({"403 login refused"});
  supervisor->failed({"the broker closed the connection", true});
  EXPECT_EQ(supervisor->status().detail, "403 login refused (and now: the broker closed the connection)");
  supervisor->failed({"404 no queue"});
  EXPECT_EQ(supervisor->status().detail, "404 no queue") << "another reason is news";
  supervisor->opened();
  supervisor->failed({"the broker closed the connection", true});
  EXPECT_EQ(supervisor->status().detail, "the broker closed the connection") << "that was before it was up";
}

TEST_F(SupervisorTest, SaysForHowLongItWasDown) {
  make(5ms, 5ms);
  std::vector<Duration> down;
  on_attempt = [&] {
    if (attempts.size() == 2) return supervisor->failed({"refused"});
    down.push_back(supervisor->opened());
    if (attempts.size() == 3) loop.quit();
  };
  supervisor->start();
  supervisor->failed({"reset by peer"});
  loop.run();
  ASSERT_EQ(down.size(), 2u);
  EXPECT_EQ(down[0], Duration::zero()) << "it was never up before";
  EXPECT_GE(down[1], 5ms) << "two waits of half the delay at least";
}

// A broker that accepts and closes at once must be knocked at ever more slowly, though each attempt "worked".
TEST_F(SupervisorTest, ALinkThatBreaksAtOnceKeepsItsBackoff) {
  make(20ms, 1h);
  on_attempt = [this] {
    supervisor->opened();
    supervisor->failed({"closed at once"});
    if (attempts.size() == 4) loop.quit();
  };
  supervisor->start();
  loop.run();
  ASSERT_EQ(attempts.size(), 4u);
  EXPECT_GE(attempts[3] - attempts[2], 40ms);
}

// Takes as long as a link must be up to count as stable.
TEST_F(SupervisorTest, ALinkThatWasUpLongEnoughStartsFromTheFirstWaitAgain) {
  make(20ms, 1h);
  on_attempt = [this] {
    if (attempts.size() < 7) return supervisor->failed({"refused"});  // the next wait would be 640 to 1280 ms
    if (attempts.size() == 8) return loop.quit();
    supervisor->opened();
    loop.after(5100ms, [this] { supervisor->failed({"reset"}); });
  };
  supervisor->start();
  loop.run();
  ASSERT_EQ(attempts.size(), 8u);
  EXPECT_LT(attempts[7] - attempts[6], 5100ms + 640ms);
}

TEST_F(SupervisorTest, StopCancelsTheNextAttempt) {
  make(5ms, 5ms);
  on_attempt = [this] { supervisor->failed({"refused"}); };
  supervisor->start();
  supervisor->stop();
  run_for(50ms);
  EXPECT_EQ(attempts.size(), 1u);
  EXPECT_EQ(state(), LinkStatus::State::stopped);
}

TEST_F(SupervisorTest, WhatComesAfterStopChangesNothing) {
  make(5ms, 5ms);
  supervisor->start();
  supervisor->stop();
  supervisor->failed({"closed"});
  supervisor->opened();
  run_for(50ms);
  EXPECT_EQ(attempts.size(), 1u);
  EXPECT_EQ(state(), LinkStatus::State::stopped);
}

TEST_F(SupervisorTest, ItsTimerGoesWithIt) {
  make(5ms, 5ms);
  on_attempt = [this] { supervisor->failed({"refused"}); };
  supervisor->start();
  supervisor.reset();
  run_for(50ms);
  EXPECT_EQ(attempts.size(), 1u);
}

TEST_F(SupervisorTest, BlockedIsShownAndPasses) {
  make(1h, 1h);
  on_attempt = [this] { supervisor->opened(); };
  supervisor->start();
  supervisor->blocked("low on memory");
  EXPECT_EQ(state(), LinkStatus::State::blocked);
  EXPECT_EQ(supervisor->status().detail, "low on memory");
  supervisor->unblocked();
  EXPECT_EQ(state(), LinkStatus::State::up);
  EXPECT_EQ(attempts.size(), 1u);
}

}  // namespace
}  // namespace mombridge
