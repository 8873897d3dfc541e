// Stopping with calls under way: each is finished once, and nobody waits for what does not come back.

#include "running.hpp"

namespace mombridge::handler::test {
namespace {

TEST(Stop, GivesBackWhatWaitsAndAwaitsWhatRuns) {
  Blocking blocking;
  Running bridge(blocking.section());
  TestCall running, waiting;
  bridge.call(running, "bad_blocks");
  ASSERT_TRUE(blocking.in_handle(1));
  bridge.call(waiting, "bad_blocks");
  std::thread stopping([&] { bridge.registry.stop(60s); });
  EXPECT_EQ(waiting.wait().kind, Verdict::Kind::retry);
  EXPECT_EQ(waiting.verdict.reason, "the bridge is stopping");
  EXPECT_EQ(running.times, 0);
  blocking.release();
  stopping.join();
  EXPECT_EQ(running.reply(), "at last, ");
  EXPECT_FALSE(bridge.registry.left_behind());
}

TEST(Stop, GivesBackWhatIsOpen) {
  Running bridge(section("bad_never_completes"));
  TestCall call;
  bridge.call(call, "bad_never_completes");
  bridge.registry.stop();
  EXPECT_EQ(call.times, 1);
  EXPECT_EQ(call.verdict.kind, Verdict::Kind::retry);
}

TEST(Stop, WhatThePluginDropsComesBack) {
  Running bridge(section("good_async", {{"delay", "1h"}}));
  std::vector<std::unique_ptr<TestCall>> calls;
  for (int i = 0; i < 20; ++i) {
    calls.push_back(std::make_unique<TestCall>());
    bridge.call(*calls.back(), "good_async");
  }
  bridge.registry.stop();
  for (auto& call : calls) {
    EXPECT_EQ(call->times, 1);
    EXPECT_EQ(call->verdict.kind, Verdict::Kind::retry);
  }
}

TEST(Stop, TakesNothingAfter) {
  Running bridge(section("good_sync"));
  bridge.registry.stop();
  TestCall call;
  bridge.call(call, "good_sync");
  EXPECT_EQ(call.times, 1);
  EXPECT_EQ(call.verdict.reason, "the bridge is stopping");
  bridge.registry.stop();  // once more does nothing
}

TEST(Stop, LeavesBehindWhatDoesNotReturn) {
  TestCall stuck("x");
  Blocking blocking;
  Running bridge;
  {
    // What is left behind keeps what it has, for the life of the process.
    LeaksOnPurpose leaks;
    bridge.load(blocking.section());
  }
  bridge.load(section("bad_stop_hangs"));
  bridge.load(section("good_async", {{"delay", "1h"}}));
  bridge.start();
  TestCall open("y");
  bridge.call(stuck, "bad_blocks");
  bridge.call(open, "good_async");
  ASSERT_TRUE(blocking.in_handle(1));
  bridge.registry.stop(100ms);
  EXPECT_TRUE(bridge.registry.left_behind());
  EXPECT_EQ(open.times, 1);
  EXPECT_EQ(stuck.times, 0);
  blocking.release();
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(stuck.times, 0);  // its delivery may be gone by now
}

// As when the process is torn down: completions of the plugin's threads meet a stop.
TEST(Stop, MeetsCompletions) {
  for (int round = 0; round < 20; ++round) {
    Running bridge(section("good_async", {{"delay", "1ms"}}));
    std::vector<std::unique_ptr<TestCall>> calls;
    for (int i = 0; i < 50; ++i) {
      calls.push_back(std::make_unique<TestCall>());
      bridge.call(*calls.back(), "good_async");
    }
    bridge.registry.stop();
    for (auto& call : calls) ASSERT_EQ(call->times, 1);
  }
}

}  // namespace
}  // namespace mombridge::handler::test
