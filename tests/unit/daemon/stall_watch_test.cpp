#include "daemon/stall_watch.hpp"

#include <gtest/gtest.h>

namespace mombridge {
namespace {

class StallWatchTest : public testing::Test {
 protected:
  void look(uint64_t settled, uint64_t in_flight, Duration later) {
    now_ += later;
    watch_.look({"shop", "orders", settled, in_flight, {}},
                {{"lake", {"publisher", LinkStatus::State::failing, "refused"}}}, now_);
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

TEST(StallWatch, ABusySubscriptionHidesNoOther) {
  StallWatch watch(10s);
  auto now = Clock::now();
  for (uint64_t i = 0; i < 4; ++i) {
    watch.look({"shop", "busy", i * 100, 5, {}}, {}, now + i * 5s);
    watch.look({"shop", "stuck", 7, 5, {}}, {}, now + i * 5s);
  }
  ASSERT_EQ(watch.status().size(), 1u);
  EXPECT_EQ(watch.status()[0].second.detail, "stuck: 5 messages in flight, none settled");
}

TEST(StallWatch, NamesTheHandlersThatEndNothing) {
  StallWatch watch(10s);
  auto now = Clock::now();
  for (uint64_t i = 0; i < 4; ++i) {
    watch.look_at_handler("hangs", 3, 4, now + i * 5s);
    watch.look_at_handler("works", i, 4, now + i * 5s);
    watch.look_at_handler("elsewhere", 3, 4, now + i * 5s);
    watch.look({"shop", "orders", 7, 5, {"works", "hangs", "idle"}}, {}, now + i * 5s);
  }
  ASSERT_EQ(watch.status().size(), 1u);
  EXPECT_EQ(watch.status()[0].second.detail, "orders: 5 messages in flight, none settled; handler 'hangs' has 4");
}

TEST(StallWatch, NamesTheSubscriptionAndHowMany) {
  StallWatch watch(1s);
  auto now = Clock::now();
  watch.look({"shop", "orders", 0, 3, {}}, {}, now);
  watch.look({"shop", "orders", 0, 3, {}}, {}, now + 2s);
  auto links = watch.status();
  ASSERT_EQ(links.size(), 1u);
  EXPECT_EQ(links[0].first, "shop");
  EXPECT_EQ(links[0].second.link, "progress");
  EXPECT_EQ(links[0].second.state, LinkStatus::State::failing);
  EXPECT_EQ(links[0].second.detail, "orders: 3 messages in flight, none settled");
}

}  // namespace
}  // namespace mombridge
