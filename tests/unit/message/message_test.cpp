#include "message/message.hpp"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "message/delivery.hpp"

namespace mombridge {
namespace {

TEST(Message, FindGivesTheLastOfAName) {
  std::vector<Header> headers{{"a", Value::of("1")}, {"b", Value::of("2")}, {"a", Value::of("3")}};
  Message message;
  message.headers = headers;
  ASSERT_NE(message.find("a"), nullptr);
  EXPECT_EQ(message.find("a")->text, "3");
  EXPECT_EQ(message.find("A"), nullptr);
  EXPECT_EQ(message.find(""), nullptr);
}

struct Probe : Delivery {
  std::vector<Settlement> settlements;
  void settle(Settlement s) noexcept override { settlements.push_back(s); }
};

TEST(Delivery, DroppingTheHandleGivesItBack) {
  Probe probe;
  { DeliveryHandle handle(&probe); }
  EXPECT_EQ(probe.settlements, std::vector{Settlement::requeue});
}

TEST(Delivery, SettlingLetsGoOfTheHandle) {
  Probe probe;
  settle(DeliveryHandle(&probe), Settlement::accept);
  EXPECT_EQ(probe.settlements, std::vector{Settlement::accept});
}

TEST(Value, ScalarTextReadsBackAsTheSameNumber) {
  Value u64{.kind = Value::Kind::u64, .integer = -1, .text = {}, .members = {}};
  EXPECT_EQ(scalar_text(u64), "18446744073709551615");
  EXPECT_EQ(scalar_text(Value::of(std::numeric_limits<int64_t>::min())), "-9223372036854775808");
  EXPECT_EQ(scalar_text(Value::of_bool(true)), "true");
  EXPECT_EQ(scalar_text(Value::of_bytes("\xff")), "\xff");
  auto decimal = [](int64_t n, uint8_t scale) {
    return scalar_text({.kind = Value::Kind::decimal, .scale = scale, .integer = n, .text = {}, .members = {}});
  };
  EXPECT_EQ(decimal(-12345, 2), "-123.45");
  EXPECT_EQ(decimal(5, 3), "0.005");
  EXPECT_EQ(decimal(7, 0), "7");
  EXPECT_EQ(scalar_text({}), std::nullopt);
}

}  // namespace
}  // namespace mombridge
