#include "base/text.hpp"

#include <gtest/gtest.h>

namespace mombridge {
namespace {

// ASCII is looked at eight bytes at a time: what is wrong must be seen wherever it stands.
TEST(Utf8, IsJudgedAlikeAtEveryPlace) {
  for (size_t size = 0; size < 40; ++size) {
    std::string ascii(size, 'a');
    EXPECT_TRUE(is_utf8(ascii)) << size;
    EXPECT_TRUE(is_ascii(ascii)) << size;
    for (size_t at = 0; at <= size; ++at) {
      auto with = [&](std::string_view what) { return std::string(ascii).insert(at, what); };
      for (auto* good : {"\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x90\x87", "\x7f"})
        EXPECT_TRUE(is_utf8(with(good))) << at;
      for (auto* bad :
           {"\xff", "\x80", "\xc3", "\xe2\x82", "\xf0\x9f\x90", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80"})
        EXPECT_FALSE(is_utf8(with(bad)) || is_ascii(with(bad))) << at << " of " << size;
    }
  }
  EXPECT_TRUE(is_utf8(std::string(16, '\0')));
}

TEST(Text, WhatSteersATerminalIsEscaped) {
  EXPECT_EQ(printable("a\x1b[2J\x7f\n"), "a\\x1b[2J\\x7f\\x0a");
  EXPECT_EQ(printable("\xc2\x9bJ"), "\\xc2\\x9bJ");  // U+009B
  EXPECT_EQ(printable("\xc2\xa0\xc3\xa9"), "\xc2\xa0\xc3\xa9");
  EXPECT_EQ(printable("\xff\x9b"), "\\xff\\x9b");
}

TEST(Hex, DigitsOfBothCasesAndNothingElse) {
  EXPECT_EQ(hex(std::string_view("\x00\x7f\xa0\xff", 4)), "007fa0ff");
  EXPECT_EQ(hex(""), "");
  for (int value = 0; value < 16; ++value) {
    EXPECT_EQ(hex_value("0123456789abcdef"[value]), value);
    EXPECT_EQ(hex_value("0123456789ABCDEF"[value]), value);
  }
  for (char c : std::string_view("/:@G`g\0\xff ", 9)) EXPECT_EQ(hex_value(c), -1) << c;
}

}  // namespace
}  // namespace mombridge
