#include "admin/drain_report.hpp"

#include <gmock/gmock.h>

namespace mombridge::admin {
namespace {

using testing::ElementsAre;

TEST(DrainReport, IsReadAsItWasWritten) {
  DrainReport report{.section = "route a b",
                     .drained = true,
                     .changed = false,
                     .in_flight = 3,
                     .held = 1,
                     .routes = {"c"},
                     .misses = {"amq.topic"}};
  auto response = response_of(report);
  EXPECT_EQ(response.status, 202);
  auto read = read_drain_report(response.body);
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->text(), report.text());
  EXPECT_FALSE(read->changed);
  EXPECT_THAT(read->routes, ElementsAre("c"));
  EXPECT_THAT(read->misses, ElementsAre("amq.topic"));
  for (auto* text : {"", "{}", "[]", R"({"section": 1})"}) EXPECT_FALSE(read_drain_report(text)) << text;
}

TEST(DrainReport, SaysHowFarItIs) {
  DrainReport report{.section = "broker shop", .drained = true};
  EXPECT_EQ(report.text(), "drained: broker shop: 0 in flight");
  EXPECT_EQ(response_of(report).status, 200);
  report.in_flight = 5;
  EXPECT_EQ(report.text(), "draining: broker shop: 5 in flight");
  report.held = 1;
  EXPECT_EQ(report.text(), "draining: broker shop: 5 in flight, of which 1 is held");
  report.held = 5;
  EXPECT_EQ(report.text(), "drained: broker shop: 5 in flight, of which 5 are held");
  EXPECT_EQ(response_of(report).status, 200);
  report = {.section = "broker shop", .changed = false};
  EXPECT_EQ(report.text(), "resumed: broker shop, which was not drained");
}

}  // namespace
}  // namespace mombridge::admin
