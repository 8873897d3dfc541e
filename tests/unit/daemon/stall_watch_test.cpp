#include "daemon/stall_watch.hpp"

#include <gtest/gtest.h>

namespace mombridge {
namespace {

class StallWatchTest : public testing::Test {
 protected:
  void look(uint64_t settled, uint64_t in_flight, Duration later) {
    now_ += later;
    watch_.look("shop", settled, in_flight, {{"lake", {"publisher", LinkStatus::State::failing, "refused"}}}, now_);
  }
  [[nodiscard]] bool stalled() const { return !watch_.status().empty(); }

 private:
  StallWatch watch_{30s};
  TimePoint now_ = Clock::now();
};

TEST_F(StallWatchTest, NothingInFlightIsNoStall) {
  for (int i = 0; i < 100; ++i) look(0, 0, 5s);
  EXPECT_FALSE(stalled());
}

TEST_F(StallWatchTest, ProgressIsNoStallHoweverLongTheBacklog) {
  for (uint64_t i = 0; i < 100; ++i) look(i, 500, 29s);
  EXPECT_FALSE(stalled());
}

TEST_F(StallWatchTest, ABacklogWithoutProgressIs) {
  look(7, 500, 5s);
  look(7, 500, 29s);
  EXPECT_FALSE(stalled());
  look(7, 500, 1s);
  EXPECT_TRUE(stalled());
  look(8, 499, 1s);
  EXPECT_FALSE(stalled()) << "one that was settled ends it";
}

TEST_F(StallWatchTest, TheTimeBeforeABacklogDoesNotCount) {
  for (int i = 0; i < 100; ++i) look(7, 0, 5s);
  look(7, 1, 1s);
  EXPECT_FALSE(stalled());
}

TEST(StallWatch, NamesTheBrokerAndHowMany) {
  StallWatch watch(1s);
  auto now = Clock::now();
  watch.look("shop", 0, 3, {}, now);
  watch.look("shop", 0, 3, {}, now + 2s);
  auto links = watch.status();
  ASSERT_EQ(links.size(), 1u);
  EXPECT_EQ(links[0].first, "shop");
  EXPECT_EQ(links[0].second.link, "progress");
  EXPECT_EQ(links[0].second.state, LinkStatus::State::failing);
  EXPECT_EQ(links[0].second.detail, "3 messages in flight, none settled");
}

}  // namespace
}  // namespace mombridge
