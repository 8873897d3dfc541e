#include "daemon/manager_status.hpp"

#include <gtest/gtest.h>

namespace mombridge {
namespace {

using namespace std::chrono_literals;

TEST(ManagerStatus, ARateIsReadAtAGlance) {
  EXPECT_EQ(per_second(0, 5s), "0");
  EXPECT_EQ(per_second(1, 5s), "0.2");
  EXPECT_EQ(per_second(49, 5s), "9.8");
  EXPECT_EQ(per_second(50, 5s), "10");
  EXPECT_EQ(per_second(61728, 5s), "12346");
  EXPECT_EQ(per_second(1, 0s), "1000");
}

TEST(ManagerStatus, OneLineSaysLinksRateAndWhatIsDrained) {
  admin::Status status;
  status.links = {{"shop", {"publisher", LinkStatus::State::up, ""}, {}},
                  {"shop", {"queue q", LinkStatus::State::failing, ""}, {}}};
  EXPECT_EQ(one_line(status, 6000, 5s), "1 of 2 links up, 1200 msg/s in");
  status.drained = {"route r"};
  EXPECT_EQ(one_line(status, 0, 5s), "1 of 2 links up, 0 msg/s in; drained: route r");
}

}  // namespace
}  // namespace mombridge
