// Deliveries without a broker: put together, in flight, settled, stale.

#include "broker/amqp/deliveries.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/amqp/content_reader.hpp"

namespace mombridge::amqp {
namespace {

using testing::HasSubstr;

class ContentReaderTest : public testing::Test {
 protected:
  EventLoop loop{"test"};
  Settlements settlements{loop};
  AmqpDelivery delivery{settlements};
  ContentReader reader{1000};
};

TEST_F(ContentReaderTest, PutsAContentTogether) {
  reader.begin(delivery, "key", true);
  EXPECT_TRUE(reader.active());
  EXPECT_FALSE(reader.header(5, "properties").value());
  EXPECT_FALSE(reader.body("he").value());
  EXPECT_TRUE(reader.body("llo").value());
  auto content = reader.finish();
  EXPECT_FALSE(reader.active());
  EXPECT_EQ(content.delivery, &delivery);
  EXPECT_EQ(content.target, "key");
  EXPECT_EQ(content.properties, "properties");
  EXPECT_EQ(content.body, "hello");
  EXPECT_TRUE(content.redelivered);
}

TEST_F(ContentReaderTest, AnEmptyBodyIsWholeWithItsHeader) {
  reader.begin(delivery, "", false);
  EXPECT_TRUE(reader.header(0, "").value());
  EXPECT_EQ(reader.finish().body, "");
}

TEST_F(ContentReaderTest, WhatIsOutOfOrderIsAnError) {
  EXPECT_FALSE(reader.header(1, ""));
  EXPECT_FALSE(reader.body("x"));
  reader.begin(delivery, "key", false);
  EXPECT_FALSE(reader.body("x")) << "before its header";
  ASSERT_TRUE(reader.header(2, ""));
  EXPECT_FALSE(reader.header(2, "")) << "twice";
  EXPECT_FALSE(reader.body("xyz")) << "more than was announced";
}

// The size is only a word of the other end's. Memory comes with the bytes.
TEST_F(ContentReaderTest, ASizeReservesNoMoreThanItsBound) {
  reader.begin(delivery, "key", false);
  ASSERT_TRUE(reader.header(400 << 20, "properties"));
  EXPECT_LT(delivery.bytes.capacity(), 2000u);
  std::string part(5000, 'x');
  EXPECT_FALSE(reader.body(part).value());
  EXPECT_LT(delivery.bytes.capacity(), 20'000u);
}

TEST_F(ContentReaderTest, WithinTheBoundMemoryIsReservedOnce) {
  reader.begin(delivery, "key", false);
  ASSERT_TRUE(reader.header(1000, "properties"));
  auto capacity = delivery.bytes.capacity();
  EXPECT_GE(capacity, 1013u);
  EXPECT_TRUE(reader.body(std::string(1000, 'x')).value());
  EXPECT_EQ(delivery.bytes.capacity(), capacity);
}

TEST_F(ContentReaderTest, WhatWasReceivedInItsPlaceIsNotCopied) {
  reader.begin(delivery, "key", false);
  ASSERT_TRUE(reader.header(10, "properties"));
  EXPECT_FALSE(reader.body("ab").value());
  auto room = reader.room(5);
  ASSERT_EQ(room.size(), 5u);
  std::ranges::copy(std::string_view("cdefg"), room.begin());
  EXPECT_FALSE(reader.body({room.data(), 3}).value()) << "less than there was room for";
  EXPECT_FALSE(reader.body("fg").value());
  EXPECT_TRUE(reader.room(4).empty()) << "more than was announced";
  EXPECT_TRUE(reader.body("hij").value());
  EXPECT_TRUE(reader.room(1).empty());
  EXPECT_EQ(reader.finish().body, "abcdefghij");
  EXPECT_TRUE(reader.room(1).empty()) << "no content is expected";
}

// To move it again and again would take longer than other messages may wait.
TEST_F(ContentReaderTest, ALargeBodyIsMovedNoFurtherOnceMuchOfItIsHere) {
  constexpr size_t kSize = 100 << 20, kPart = 100'000;
  ContentReader large{~uint64_t{0}};
  large.begin(delivery, "key", false);
  ASSERT_TRUE(large.header(kSize, "properties"));
  EXPECT_LT(delivery.bytes.capacity(), 20u << 20);
  int moves = 0;
  const char* at = delivery.bytes.data();
  bool whole = false;
  for (size_t left = kSize; left > 0;) {
    auto room = large.room(std::min(kPart, left));
    std::ranges::fill(room, static_cast<char>(left));
    if (std::exchange(at, delivery.bytes.data()) != delivery.bytes.data()) ++moves;
    left -= room.size();
    whole = large.body({room.data(), room.size()}).value();
  }
  EXPECT_TRUE(whole);
  EXPECT_EQ(moves, 1);
  EXPECT_LT(delivery.bytes.capacity(), kSize + (1 << 20));
  EXPECT_EQ(large.finish().body.size(), kSize);
}

TEST_F(ContentReaderTest, MoreThanAnyBrokerTakesIsRefused) {
  for (uint64_t size : {(uint64_t{512} << 20) + 1, uint64_t{1} << 32, ~uint64_t{0}}) {
    reader.begin(delivery, "key", false);
    auto refused = reader.header(size, "");
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().text, HasSubstr("a message of " + std::to_string(size) + " bytes"));
    EXPECT_EQ(reader.drop(), &delivery);
  }
}

TEST(InFlight, StopsAtItsBoundsAndGoesOnAtHalf) {
  InFlight in_flight(10, 1000, "shop", "orders");
  EXPECT_TRUE(in_flight.has_room());
  in_flight.add(1001);
  EXPECT_TRUE(in_flight.full());
  in_flight.remove(1001);
  in_flight.add(501);
  EXPECT_FALSE(in_flight.full());
  EXPECT_FALSE(in_flight.has_room()) << "more than half";
  in_flight.remove(501);
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(in_flight.too_many()) << i;
    in_flight.add(0);
  }
  EXPECT_TRUE(in_flight.too_many() && in_flight.full() && in_flight.over_prefetch());
  for (int i = 0; i < 10; ++i) in_flight.remove(0);
  EXPECT_FALSE(in_flight.over_prefetch());
  EXPECT_TRUE(in_flight.has_room());
}

TEST(Deliveries, AreUsedAgainWhenTheyAreSettled) {
  EventLoop loop("test");
  Deliveries deliveries(loop, 10, 1000, "shop", "orders");
  auto& first = deliveries.pool().take();
  first.bytes.append("12345");
  deliveries.hand_out(first, TimePoint(100s));
  EXPECT_EQ(deliveries.in_flight().count(), 1u);
  EXPECT_NE(&deliveries.pool().take(), &first);
  first.settle(Settlement::reject);
  deliveries.take_settled(TimePoint(101s), [&](const AmqpDelivery& d) {
    EXPECT_EQ(&d, &first);
    EXPECT_EQ(d.settlement, Settlement::reject);
    EXPECT_FALSE(d.handed_out);
  });
  EXPECT_EQ(deliveries.in_flight().count(), 0u);
  EXPECT_EQ(&deliveries.pool().take(), &first);
  EXPECT_EQ(first.bytes.size(), 0u);
}

TEST(Settlements, AnEpochIsStaleWhenThatIsSaid) {
  EventLoop loop("test");
  Settlements settlements(loop);
  AmqpDelivery early(settlements), late(settlements);
  settlements.begin_epoch();
  early.epoch = settlements.epoch();
  settlements.begin_epoch();
  late.epoch = settlements.epoch();
  EXPECT_FALSE(early.stale()) << "it still waits for its destination";
  settlements.outdate();
  EXPECT_TRUE(early.stale());
  EXPECT_FALSE(late.stale());
}

}  // namespace
}  // namespace mombridge::amqp
