#include "reply/deadline.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace mombridge::reply {
namespace {

constexpr int64_t kNow = 1'700'000'000'000;

Deadline of(const Message& m) { return deadline_of(m, 30s, kNow); }

TEST(Deadline, IsTheBridgesPatienceFromTheTimeOfSending) {
  Message m;
  EXPECT_EQ(of(m).at_ms, kNow + 30'000);
  EXPECT_FALSE(of(m).asked);
  m.record_time_ms = kNow - 10'000;
  EXPECT_EQ(of(m).at_ms, kNow + 20'000);
}

TEST(Deadline, OfAnOldRequestThatSetNoneBeginsNow) {
  Message m;
  m.record_time_ms = kNow - 30'000;
  EXPECT_EQ(of(m).at_ms, kNow + 30'000);
}

TEST(Deadline, IsTheRequestersExpirationFromTheTimeOfSending) {
  Message m;
  m.expiration = "5000";
  EXPECT_EQ(of(m).at_ms, kNow + 5000);
  EXPECT_TRUE(of(m).asked);
  m.record_time_ms = kNow - 60'000;
  EXPECT_EQ(of(m).at_ms, kNow - 55'000);
}

TEST(Deadline, ATimestampAheadOfTheClockIsNotBelieved) {
  Message m;
  m.expiration = "5000";
  m.record_time_ms = kNow + 1000;  // a requester's clock may run ahead
  EXPECT_EQ(of(m).at_ms, kNow + 6000);
  m.timestamp = static_cast<uint64_t>(kNow);  // milliseconds where seconds belong
  EXPECT_EQ(of(m).at_ms, kNow + 5000);
}

TEST(Deadline, AHeaderStandsAboveAll) {
  Message m;
  m.expiration = "5000";
  std::vector<Header> headers{{header::kDeadline, Value::of(std::string_view("1700000001000"))}};
  m.headers = headers;
  EXPECT_EQ(of(m).at_ms, kNow + 1000);
  EXPECT_TRUE(of(m).asked);
  headers[0].value = Value::of(int64_t{1'700'000'002'000});
  EXPECT_EQ(of(m).at_ms, kNow + 2000);
}

TEST(Deadline, AHeaderThatIsNoNumberIsNotOne) {
  Message m;
  std::vector<Header> headers{{header::kDeadline, {}}};
  m.headers = headers;
  for (std::string_view text : {"", "soon", "-5", "12x", "99999999999999999999"}) {
    headers[0].value = Value::of(text);
    EXPECT_EQ(of(m).at_ms, kNow + 30'000) << text;
  }
  headers[0].value = {};
  EXPECT_FALSE(of(m).asked);
}

}  // namespace
}  // namespace mombridge::reply
