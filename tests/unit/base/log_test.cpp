#include "base/log.hpp"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace mombridge::log {
namespace {

size_t count(const std::string& text, std::string_view what) {
  size_t n = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + what.size())) ++n;
  return n;
}

class Log : public testing::Test {
 protected:
  void SetUp() override { testing::internal::CaptureStderr(); }
  void TearDown() override {
    if (!ended_) testing::internal::GetCapturedStderr();
    init(Level::warn, Format::text);
  }
  std::string written() {
    ended_ = true;
    return testing::internal::GetCapturedStderr();
  }

 private:
  bool ended_ = false;
};

TEST_F(Log, RepeatedWritesOneLineAnIntervalAndSaysHowManyItLeftOut) {
  init(Level::info, Format::text);
  Repeated event(50ms);
  for (int i = 0; i < 1000; ++i) event.event(Level::warn, "dropped");
  std::this_thread::sleep_for(60ms);
  event.event(Level::warn, "dropped");
  auto text = written();
  EXPECT_EQ(count(text, "dropped"), 2u) << text;
  EXPECT_EQ(count(text, "left_out=999"), 1u) << text;
}

TEST_F(Log, RepeatedCountsRightFromManyThreads) {
  init(Level::info, Format::text);
  Repeated event(1h);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) event.event(Level::warn, "dropped");
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(count(written(), "dropped"), 1u);
}

TEST_F(Log, RepeatedBelowTheLevelIsNotCounted) {
  init(Level::error, Format::text);
  Repeated event(0ms);
  event.event(Level::debug, "dropped");
  event.event(Level::error, "dropped");
  auto text = written();
  EXPECT_EQ(count(text, "dropped"), 1u) << text;
  EXPECT_EQ(count(text, "left_out"), 0u) << text;
}

TEST_F(Log, RepeatedByAKeyHidesNoOtherKey) {
  init(Level::info, Format::text);
  RepeatedBy event(1h);
  for (int i = 0; i < 100; ++i) event.event("a", Level::warn, "often");
  event.event("b", Level::warn, "once");
  auto text = written();
  EXPECT_EQ(count(text, "often"), 1u) << text;
  EXPECT_EQ(count(text, "once"), 1u) << text;
}

TEST_F(Log, RepeatedByManyKeysStaysBounded) {
  init(Level::info, Format::text);
  RepeatedBy event(1h);
  for (int i = 0; i < 3000; ++i) event.event(std::to_string(i), Level::warn, "flood");
  EXPECT_EQ(count(written(), "flood"), 1001u);
}

TEST_F(Log, AMessageCannotForgeALine) {
  init(Level::info, Format::text);
  event(Level::info, "one\nline", {{"value", "a\nERROR forged\x1b[31m"}});
  auto text = written();
  EXPECT_EQ(count(text, "\n"), 1u) << text;
  EXPECT_EQ(count(text, "forged\x1b"), 0u) << text;
}

TEST_F(Log, JsonCarriesFieldsAsTextAndNumbers) {
  init(Level::info, Format::json);
  event(Level::info, "con\"nected", {{"broker", "shop"}, {"attempt", 3}});
  auto text = written();
  EXPECT_EQ(count(text, R"("msg":"con\"nected")"), 1u) << text;
  EXPECT_EQ(count(text, R"("broker":"shop")"), 1u) << text;
  EXPECT_EQ(count(text, R"("attempt":3)"), 1u) << text;
}

}  // namespace
}  // namespace mombridge::log
