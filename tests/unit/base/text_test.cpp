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

}  // namespace
}  // namespace mombridge
