#include "broker/kafka/in_flight.hpp"

#include <gtest/gtest.h>

namespace mombridge::kafka {
namespace {

TEST(InFlight, CountsWhatIsNotOverAndWhatTheSinkHas) {
  InFlight some;
  EXPECT_EQ(some.last_offset(), -1);
  some.delivered(5);
  some.delivered(7);
  some.handed_out();
  some.handed_out();
  EXPECT_EQ(some.messages(), 2u);
  EXPECT_EQ(some.held(), 2u);
  some.taken_back();
  EXPECT_EQ(some.messages(), 2u) << "it waits for its next try";
  EXPECT_EQ(some.held(), 1u);
  some.released();
  EXPECT_EQ(some.messages(), 1u);
  EXPECT_EQ(some.last_offset(), 7);
}

TEST(InFlight, OnlyWhatIsProcessedMovesTheWatermark) {
  InFlight some;
  auto first = some.delivered(5), second = some.delivered(7);
  some.released();
  EXPECT_FALSE(some.take_watermark()) << "over, and not processed";
  some.processed(second);
  EXPECT_FALSE(some.take_watermark()) << "the first is not";
  some.processed(first);
  EXPECT_EQ(some.take_watermark(), 8);
  EXPECT_FALSE(some.take_watermark()) << "it has not moved";
  some.passed(10);
  EXPECT_EQ(some.take_watermark(), 10);
}

}  // namespace
}  // namespace mombridge::kafka
