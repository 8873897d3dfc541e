#include "http_ingress/open_requests.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace mombridge::http_ingress {
namespace {

TEST(OpenRequests, HasBoundsOfBoth) {
  OpenRequests all;
  std::vector<OpenRequests::Place> places;
  for (int i = 0; i < 3; ++i) places.push_back(all.enter(10, {3, 100}, {}));
  EXPECT_TRUE(places[2]);
  EXPECT_FALSE(all.enter(10, {3, 100}, {})) << "a fourth";
  EXPECT_FALSE(all.enter(71, {9, 100}, {})) << "too many bytes";
  EXPECT_TRUE(all.enter(70, {9, 100}, {}));
  EXPECT_FALSE(all.enter(1, {9, 20}, {})) << "the bounds may have become less than what is open";
  EXPECT_EQ(all.count(), 3u);
  places[0].resize(25);
  EXPECT_EQ(all.bytes(), 45u);
  places.clear();
  EXPECT_EQ(all.count(), 0u);
  EXPECT_EQ(all.bytes(), 0u);
}

TEST(OpenRequests, APlaceMovesAndIsGivenBackOnce) {
  OpenRequests all;
  auto place = all.enter(5, {1, 100}, {});
  OpenRequests::Place other;
  other = std::move(place);
  EXPECT_EQ(all.count(), 1u);
  { auto last = std::move(other); }
  EXPECT_EQ(all.count(), 0u);
}

TEST(OpenRequests, KnowsHowLongNothingHasMoved) {
  OpenRequests all;
  TimePoint begin{};
  EXPECT_EQ(all.stalled(begin + 5s), 0s) << "nothing is open";
  auto place = all.enter(1, {9, 9}, begin + 5s);
  EXPECT_EQ(all.stalled(begin + 7s), 2s);
  auto second = all.enter(1, {9, 9}, begin + 7s);
  EXPECT_EQ(all.stalled(begin + 8s), 3s);
  all.answered(begin + 8s);
  EXPECT_EQ(all.stalled(begin + 9s), 1s);
}

}  // namespace
}  // namespace mombridge::http_ingress
