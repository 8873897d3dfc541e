// Plugins that break the contract: the message fails, the breach is counted, everything else goes on.

#include "running.hpp"

namespace mombridge::handler::test {
namespace {

using testing::HasSubstr;

uint64_t breaches(const std::string& handler) { return count("handler_contract_breaches", handler); }

/// Calls it once, and returns the verdict.
struct Once {
  explicit Once(const std::string& plugin, const std::string& body = {},
                std::map<std::string, std::string> settings = {})
      : bridge(section(plugin, std::move(settings))), call(body) {
    bridge.call(call, plugin);
    call.wait();
  }
  Running bridge;
  TestCall call;
};

TEST(Bad, Throws) {
  Once std_exception("bad_throws");
  EXPECT_EQ(std_exception.call.verdict.kind, Verdict::Kind::retry);
  Once integer("bad_throws_int");
  EXPECT_EQ(integer.call.verdict.kind, Verdict::Kind::retry);
}

TEST(Bad, ThrowsAcrossTheAbi) {
  auto before = breaches("bad_throws_raw");
  {
    Once handle("bad_throws_raw", {}, {{"in", "handle"}});
    EXPECT_EQ(handle.call.verdict.kind, Verdict::Kind::retry);
    EXPECT_EQ(handle.call.verdict.reason, "handler 'bad_throws_raw' returned internal error");
    EXPECT_EQ(breaches("bad_throws_raw"), before + 1);
  }
  {
    Once stop("bad_throws_raw", {}, {{"in", "stop"}});
    EXPECT_EQ(stop.call.verdict.kind, Verdict::Kind::ok);
  }
  EXPECT_EQ(breaches("bad_throws_raw"), before + 2);
  { Once destroy("bad_throws_raw", {}, {{"in", "destroy"}}); }
  EXPECT_EQ(breaches("bad_throws_raw"), before + 3);
}

TEST(Bad, ReturnsAFailure) {
  auto before = breaches("bad_returns_error");
  auto verdict = [](const std::string& status) { return std::move(Once("bad_returns_error", status).call.verdict); };
  EXPECT_EQ(verdict("").kind, Verdict::Kind::retry);
  EXPECT_EQ(verdict("-1").kind, Verdict::Kind::retry);
  EXPECT_EQ(verdict("-5").reason, "handler 'bad_returns_error' returned busy");
  EXPECT_EQ(verdict("-2").kind, Verdict::Kind::reject);
  EXPECT_EQ(verdict("-2").reason, "handler 'bad_returns_error' rejected the message");
  EXPECT_EQ(breaches("bad_returns_error"), before);
}

TEST(Bad, ReturnsAnUndefinedStatus) {
  for (std::string status : {"1", "42", "-8", "-1000"}) {
    auto before = breaches("bad_returns_error");
    Once once("bad_returns_error", status);
    EXPECT_EQ(once.call.verdict.kind, Verdict::Kind::retry);
    EXPECT_EQ(once.call.verdict.reason, "handler 'bad_returns_error' returned an undefined status");
    EXPECT_EQ(breaches("bad_returns_error"), before + 1) << status;
  }
}

TEST(Bad, CompletesWithAnUndefinedStatus) {
  for (std::string status : {"", "1", "-3", "-7"}) {
    auto before = breaches("bad_status");
    Once once("bad_status", status);
    EXPECT_EQ(once.call.verdict.kind, Verdict::Kind::retry);
    EXPECT_EQ(once.call.verdict.reason, "the handler's result breaks the contract");
    EXPECT_EQ(breaches("bad_status"), before + 1) << status;
  }
}

TEST(Bad, CompletesWithoutAResult) {
  auto before = breaches("bad_null_result");
  Once once("bad_null_result");
  EXPECT_EQ(once.call.verdict.kind, Verdict::Kind::retry);
  EXPECT_EQ(breaches("bad_null_result"), before + 1);
}

TEST(Bad, CompletesTwice) {
  auto before = breaches("bad_completes_twice");
  Once once("bad_completes_twice");
  EXPECT_EQ(once.call.reply(), "first");
  EXPECT_EQ(once.call.times, 1);
  EXPECT_EQ(breaches("bad_completes_twice"), before + 1);
  EXPECT_EQ(count("handler_bad_completes_twice", "second_taken"), 0u);
}

TEST(Bad, CompletesWhatIsNotOpen) {
  auto before = breaches("bad_completes_unknown_id");
  Once once("bad_completes_unknown_id");
  EXPECT_EQ(once.call.reply(), "refused");
  EXPECT_EQ(breaches("bad_completes_unknown_id"), before + 1);
}

TEST(Bad, ReturnsAFailureAndCompletes) {
  Once once("bad_returns_and_completes");
  EXPECT_EQ(once.call.reply(), "completed");
  EXPECT_EQ(once.call.times, 1);
}

TEST(Bad, NeverCompletes) {
  auto h = section("bad_never_completes");
  h.timeout = 20ms;
  Running bridge(h);
  auto before = count("handler_timeouts", "bad_never_completes");
  std::vector<std::unique_ptr<TestCall>> calls;
  for (int i = 0; i < 20; ++i) {
    calls.push_back(std::make_unique<TestCall>());
    bridge.call(*calls.back(), "bad_never_completes");
  }
  for (auto& call : calls) {
    EXPECT_EQ(call->wait().kind, Verdict::Kind::retry);
    EXPECT_EQ(call->verdict.reason, "the handler did not answer in time");
  }
  EXPECT_EQ(count("handler_timeouts", "bad_never_completes"), before + 20);
  TestCall later;  // the timer is set anew when there is something to watch again
  bridge.call(later, "bad_never_completes");
  EXPECT_EQ(later.wait().kind, Verdict::Kind::retry);
  EXPECT_EQ(later.times, 1);
}

TEST(Bad, CompletesTooLate) {
  auto h = section("good_publish", {{"broker", "shop"}, {"target", "out"}}, "late");
  h.timeout = 10ms;
  Running bridge(h);
  bridge.shop.keep();
  auto before = breaches("late");
  TestCall call("x");
  bridge.call(call, "late");
  EXPECT_EQ(call.wait().reason, "the handler did not answer in time");
  bridge.shop.complete();  // now it answers
  EXPECT_TRUE(eventually([&] { return breaches("late") == before + 1; }));
  EXPECT_EQ(call.times, 1);
}

// Its call ends without it, and its message may go: what it reads is its own. The thread counts again when it is back.
TEST(Bad, DoesNotReturnInTime) {
  Blocking blocking;
  Running bridge(blocking.section(2, 50ms));
  auto timeouts = count("handler_timeouts", "bad_blocks"), breached = breaches("bad_blocks");
  auto threads = [&] { return *bridge.registry.runners().front()->threads(); };
  EXPECT_FALSE(threads().stuck());
  for (size_t i = 1; i <= 2; ++i) {
    TestCall call("message " + std::to_string(i));
    bridge.call(call, "bad_blocks");
    EXPECT_EQ(call.wait().kind, Verdict::Kind::reject);
    EXPECT_EQ(call.verdict.reason, "handle() of handler 'bad_blocks' (bad_blocks 1.0) had not returned after 50ms");
    EXPECT_EQ(threads().written_off, i);
  }
  EXPECT_TRUE(threads().stuck());
  EXPECT_EQ(count("handler_timeouts", "bad_blocks"), timeouts + 2);
  TestCall waiting("the next");
  bridge.call(waiting, "bad_blocks");
  EXPECT_EQ(waiting.times, 0) << "no thread is left for it";
  blocking.release();
  EXPECT_EQ(waiting.reply(), "at last, the next");
  EXPECT_TRUE(eventually([&] { return threads().written_off == 0; }));
  EXPECT_EQ(breaches("bad_blocks"), breached + 2) << "each has answered too late";
}

TEST(Bad, AnswersWithASizeAndNoData) {
  Once once("bad_null_data");
  EXPECT_EQ(once.call.verdict.kind, Verdict::Kind::retry);
  EXPECT_EQ(once.call.verdict.reason,
            "the handler's reply breaks the contract: a field of the message has a size and no data");
}

TEST(Bad, PublishesWithoutEnd) {
  Running bridge(section("bad_publishes"));
  bridge.shop.keep();
  auto reply = [&](const std::string& body) {
    TestCall call(body);
    bridge.call(call, "bad_publishes");
    return call.reply();
  };
  EXPECT_EQ(reply("flood"), "10000 taken, 90000 busy, 0 other");
  EXPECT_EQ(reply("unknown"), std::to_string(MOMBRIDGE_NOT_FOUND));
  EXPECT_EQ(reply("null"), std::to_string(MOMBRIDGE_INVALID));
  for (int i = 0; i < 10000; ++i) bridge.shop.complete();
  EXPECT_TRUE(eventually([&] { return bridge.registry.unconfirmed() == 0; }));
}

TEST(Bad, CountersWithoutNumber) {
  Running bridge(section("bad_counters"));
  auto others = count("handler_bad_counters", "other"), broken = breaches("bad_counters");
  auto kept = count("handler_bad_counters", "c255");
  for (int i = 0; i < 300; ++i) {
    TestCall call("c" + std::to_string(i));
    bridge.call(call, "bad_counters");
    call.wait();
  }
  EXPECT_EQ(count("handler_bad_counters", "c255"), kept + 1);
  EXPECT_EQ(count("handler_bad_counters", "c256"), 0u);
  EXPECT_EQ(count("handler_bad_counters", "other"), others + 44);
  EXPECT_EQ(breaches("bad_counters"), broken + 44);
}

// In process, it takes the bridge with it. What was not settled is delivered again after the restart.
TEST(BadDeathTest, Crashes) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        Running bridge(section("bad_crashes"));
        TestCall call("crash");
        bridge.call(call, "bad_crashes");
        call.wait();
      },
      "");
  Once once("bad_crashes", "anything else");
  EXPECT_EQ(once.call.reply(), "alive");
}

}  // namespace
}  // namespace mombridge::handler::test
