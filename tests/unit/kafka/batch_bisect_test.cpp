#include "broker/kafka/batch_bisect.hpp"

#include <gtest/gtest.h>

#include "base/log.hpp"

namespace mombridge::kafka {
namespace {

class Bisect : public testing::Test {
 protected:
  void SetUp() override { log::init(log::Level::off, log::Format::text); }
  BatchBisect bisect{"lake"};
};

TEST_F(Bisect, NothingIsLimitedAtFirst) {
  EXPECT_FALSE(bisect.full(1'000'000));
  EXPECT_FALSE(bisect.alone());
  EXPECT_FALSE(bisect.over()) << "there was nothing to end";
}

TEST_F(Bisect, HalfAsManyGoTogetherUntilOneIsAlone) {
  bisect.narrow(5, "topic");
  EXPECT_FALSE(bisect.full(1));
  EXPECT_TRUE(bisect.full(2));
  EXPECT_FALSE(bisect.alone());
  bisect.taken(), bisect.taken();
  bisect.narrow(2, "topic");
  EXPECT_TRUE(bisect.full(1));
  EXPECT_TRUE(bisect.alone());
}

TEST_F(Bisect, EachThatIsDeliveredLetsOneMoreGo) {
  bisect.narrow(2, "topic");
  bisect.delivered();
  EXPECT_FALSE(bisect.full(1));
  EXPECT_FALSE(bisect.alone());
}

TEST_F(Bisect, ItIsOverWhenAllSuspectsHaveGone) {
  bisect.narrow(2, "topic");
  bisect.taken();
  EXPECT_FALSE(bisect.over());
  bisect.taken();
  EXPECT_TRUE(bisect.over());
  bisect.widen();
  EXPECT_FALSE(bisect.full(1'000'000));
}

}  // namespace
}  // namespace mombridge::kafka
