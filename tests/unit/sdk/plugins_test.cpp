// The test handlers' .so files through the fake bridge, as far as they can be loaded.
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mombridge/testing.hpp"

namespace mombridge::sdk::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::StrEq;
using ::testing::ThrowsMessage;
using ::testing::UnorderedElementsAre;

const mombridge_handler& plugin(const std::string& name) { return open_plugin(HANDLERS "/" + name + ".so"); }

Completion answer(const std::string& name, const Message& message) {
  FakeHost bridge(plugin(name));
  return bridge.start().request(message).value();
}

TEST(GoodHandlers, Answer) {
  EXPECT_EQ(answer("good_sync", {.body = "x"}).reply->body, "sync:x");
  EXPECT_EQ(answer("good_async", {.body = "x"}).reply->body, "async:x");
  EXPECT_EQ(answer("good_serial", {}).reply->body, "serial");
}

TEST(GoodHandlers, AsyncDropsWhatItHoldsAtStop) {
  FakeHost bridge(plugin("good_async"));
  bridge.config("delay", "1h").start();
  const auto id = bridge.send({});
  bridge.stop();
  EXPECT_THAT(bridge.wait(id)->error, HasSubstr("without an answer"));
}

TEST(GoodHandlers, PublishAnswersWhenItIsConfirmed) {
  FakeHost bridge(plugin("good_publish"));
  bridge.config("broker", "lake").config("target", "out").broker("lake").start();
  bridge.publishing(FakeHost::Publishing::hold);
  const auto id = bridge.send({.target = "in", .body = "x"});
  EXPECT_EQ(bridge.published().at(0).message.target, "out");
  bridge.settle(0, Status::ok);
  EXPECT_EQ(bridge.wait(id)->verdict, Status::ok);
  FakeHost incomplete(plugin("good_publish"));
  EXPECT_THAT([&] { incomplete.create(); }, ThrowsMessage<std::runtime_error>(HasSubstr("missing key 'broker'")));
}

TEST(GoodHandlers, CountCountsAndLogs) {
  FakeHost bridge(plugin("good_count"));
  EXPECT_FALSE(bridge.start().request({.body = "12345"})->reply);
  EXPECT_THAT(bridge.counts(), UnorderedElementsAre(Pair("messages", 1u), Pair("bytes", 5u)));
  EXPECT_THAT(bridge.logs(), SizeIs(1));
}

TEST(GoodHandlers, SerialIsCalledOneAtATime) {
  FakeHost bridge(plugin("good_serial"));
  bridge.start();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 5; ++n) EXPECT_EQ(bridge.request({})->verdict, Status::ok);
    });
  }
}

TEST(BadHandlers, AreRefusedAtLoad) {
  EXPECT_THAT([] { plugin("bad_no_symbol"); }, ThrowsMessage<std::runtime_error>(HasSubstr("does not export")));
  EXPECT_THAT([] { plugin("bad_declines"); }, ThrowsMessage<std::runtime_error>(HasSubstr("does not support")));
  EXPECT_NE(plugin("bad_major").abi_major, MOMBRIDGE_ABI_MAJOR);
  EXPECT_LT(plugin("bad_small_struct").struct_size, MOMBRIDGE_HANDLER_SIZE_1_0);
  EXPECT_EQ(plugin("bad_null").handle, nullptr);
  EXPECT_NE(plugin("bad_flags").flags & ~MOMBRIDGE_HANDLER_SERIAL, 0u);
}

TEST(BadHandlers, SayWhyTheyCannotRun) {
  FakeHost create(plugin("bad_create_fails"));
  EXPECT_THAT([&] { create.create(); }, ThrowsMessage<std::runtime_error>(StrEq("no database at 'db.path'")));
  FakeHost start(plugin("bad_start_fails"));
  EXPECT_THAT([&] { start.start(); }, ThrowsMessage<std::runtime_error>(StrEq("the device is not there")));
}

TEST(BadHandlers, EndAsAVerdict) {
  EXPECT_EQ(answer("bad_throws", {}).error, "thrown on purpose");
  EXPECT_EQ(answer("bad_throws_int", {}).verdict, Status::retry);
  EXPECT_EQ(answer("bad_returns_error", {.body = "-2"}).verdict, Status::reject);
  EXPECT_EQ(answer("bad_returns_error", {}).verdict, Status::retry);
  EXPECT_EQ(answer("bad_returns_error", {.body = "42"}).verdict, Status::retry);
  EXPECT_EQ(answer("bad_returns_and_completes", {}).reply->body, "completed");
  EXPECT_EQ(answer("bad_completes_unknown_id", {}).reply->body, "refused");
  EXPECT_EQ(answer("bad_status", {}).verdict, Status::retry);
  EXPECT_EQ(answer("bad_status", {.body = "-5"}).verdict, Status::retry);
  EXPECT_EQ(answer("bad_null_result", {}).verdict, Status::retry);
  EXPECT_EQ(answer("bad_crashes", {}).reply->body, "alive");
}

TEST(BadHandlers, TheFirstCompletionCounts) {
  FakeHost bridge(plugin("bad_completes_twice"));
  EXPECT_EQ(bridge.start().request({})->reply->body, "first");
  EXPECT_EQ(bridge.strays(), 1u);
  EXPECT_FALSE(bridge.counts().contains("second_taken"));
}

TEST(BadHandlers, OneThatNeverCompletesIsGivenBackAtStop) {
  FakeHost bridge(plugin("bad_never_completes"));
  const auto id = bridge.start().send({});
  EXPECT_FALSE(bridge.wait(id, std::chrono::milliseconds(1)));
  bridge.stop();
  EXPECT_EQ(bridge.wait(id)->verdict, Status::retry);
}

TEST(BadHandlers, SlowIsAsSlowAsItIsTold) {
  FakeHost bridge(plugin("bad_slow"));
  EXPECT_EQ(bridge.config("sleep_ms", "1").start().request({})->reply->body, "slow");
}

}  // namespace
}  // namespace mombridge::sdk::testing
