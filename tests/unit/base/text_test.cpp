#include "base/text.hpp"

#include <string>

#include <gtest/gtest.h>

namespace mombridge {
namespace {

TEST(IsUtf8, KnowsSequencesOfEveryLengthAtEveryPlace) {
  EXPECT_TRUE(is_utf8(""));
  for (std::string sequence : {"a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x90\x87"})
    for (size_t before = 0; before < 20; ++before)
      for (size_t after = 0; after < 20; ++after) {
        auto whole = std::string(before, 'x') + sequence + std::string(after, 'y');
        EXPECT_TRUE(is_utf8(whole)) << whole;
        if (sequence.size() > 1) {
          EXPECT_FALSE(is_utf8(whole.substr(0, before + sequence.size() - 1))) << "cut short: " << before;
        }
      }
}

TEST(IsUtf8, RefusesWhatIsNone) {
  // A tail without a head, overlong forms, surrogates, above U+10FFFF, bytes that never occur. Source: RFC 3629.
  for (std::string bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"})
    for (size_t before = 0; before < 20; ++before)
      EXPECT_FALSE(is_utf8(std::string(before, 'x') + bad + std::string(9, 'y'))) << before;
}

}  // namespace
}  // namespace mombridge
