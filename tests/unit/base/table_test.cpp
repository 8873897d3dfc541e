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

}  // namespace
}  // namespace mombridge
