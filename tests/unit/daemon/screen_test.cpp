#include "daemon/screen.hpp"

#include <gtest/gtest.h>

namespace mombridge {
namespace {

TEST(Screen, LinesAreCutToTheTerminal) {
  EXPECT_EQ(cut_to("one\ntwo\n", 80, 24), "one\ntwo");
  EXPECT_EQ(cut_to("abcdef\nabc\n", 4, 24), "abcd\nabc");
  EXPECT_EQ(cut_to("größer als das\n", 6, 1), "größer") << "characters and not bytes";
  EXPECT_EQ(cut_to("größe\n", 3, 1), "grö");
  EXPECT_EQ(cut_to("", 80, 24), "");
}

TEST(Screen, LinesThatAreLeftOutAreCounted) {
  EXPECT_EQ(cut_to("1\n2\n3\n4\n", 80, 4), "1\n2\n3\n4");
  EXPECT_EQ(cut_to("1\n2\n3\n4\n5\n", 80, 4), "1\n2\n3\n... 2 more lines");
  EXPECT_EQ(cut_to("1\n2\n3\n", 5, 1), "... 3");
}

}  // namespace
}  // namespace mombridge
