#include "base/table.hpp"

#include <gtest/gtest.h>

namespace mombridge {
namespace {

TEST(Table, ColumnsAreAsWideAsTheirWidestCell) {
  Table table({"NAME", "STATE", "WHY"});
  table.add({"a", "connecting", "no answer"});
  table.add({"größer", "up", ""});
  EXPECT_EQ(table.text(),
            "NAME    STATE       WHY\n"
            "a       connecting  no answer\n"
            "größer  up\n");
}

TEST(Table, NumbersEndOneBelowTheOther) {
  Table table({"NAME", "N", "RATE"}, 1);
  table.add({"a", "1", "10.5"});
  table.add({"größer", "1234", ""});
  EXPECT_EQ(table.text(),
            "NAME       N  RATE\n"
            "a          1  10.5\n"
            "größer  1234\n");
}

}  // namespace
}  // namespace mombridge
