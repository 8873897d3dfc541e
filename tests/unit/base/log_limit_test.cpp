#include "base/log_limit.hpp"

#include <gtest/gtest.h>

#include "base/log.hpp"

namespace mombridge::log {
namespace {

TEST(LineLimit, EachKindHasAnIntervalOfItsOwn) {
  LineLimit limit(1h, 100);
  EXPECT_EQ(limit.admit("a"), 0u);
  EXPECT_FALSE(limit.admit("a"));
  EXPECT_EQ(limit.admit("b"), 0u);
  EXPECT_FALSE(limit.admit("b"));
}

TEST(LineLimit, SaysHowManyWereLeftOut) {
  LineLimit limit(20ms, 100);
  EXPECT_EQ(limit.admit("a"), 0u);
  uint64_t left_out = 0;
  std::optional<uint64_t> next;
  while (!(next = limit.admit("a"))) ++left_out;
  EXPECT_EQ(*next, left_out);
  EXPECT_FALSE(limit.admit("a")) << "the next interval has begun";
}

TEST(LineLimit, TooManyKindsShareOneInterval) {
  LineLimit limit(1h, 2);
  int lines = 0;
  for (int i = 0; i < 100; ++i) lines += limit.admit(std::to_string(i)).has_value();
  EXPECT_EQ(lines, 3);
  EXPECT_FALSE(limit.admit("0")) << "it is still known";
}

TEST(LineLimit, FieldsMayBeAsManyAsTheEventHas) {
  init(Level::info, Format::text);
  testing::internal::CaptureStderr();
  std::vector<Field> fields{{"a", "1"}};
  fields.emplace_back("b", 2);
  write(Level::warn, "seen", fields);
  write(Level::debug, "not seen", fields);
  auto text = testing::internal::GetCapturedStderr();
  init(Level::warn, Format::text);
  EXPECT_NE(text.find("seen  a=1  b=2"), std::string::npos) << text;
  EXPECT_EQ(text.find("not seen"), std::string::npos) << text;
}

}  // namespace
}  // namespace mombridge::log
