#include "reply/deadline.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace mombridge::reply {
namespace {

constexpr int64_t kNow = 1'700'000'000'000;
constexpr Instant kArrival{TimePoint(1h), kNow};

Deadline of(const Message& m) { return deadline_of(m, 30s, kArrival); }

TEST(Deadline, IsTheBridgesPatienceFromTheTimeOfSending) {
  Message m;
  EXPECT_EQ(of(m).at_ms, kNow + 30'000);
  EXPECT_FALSE(of(m).asked);
  m.record_time_ms = kNow - 10'000;
  EXPECT_EQ(of(m).at_ms, kNow + 20'000);
}

// All that a deadline is asked with later is the steady clock, which nobody can set.
TEST(Deadline, EndsByTheSteadyClock) {
  Message m;
  auto own = of(m);
  EXPECT_EQ(own.remaining(kArrival.steady), 30s);
  EXPECT_EQ(own.remaining(kArrival.steady + 40s), -10s);
  EXPECT_FALSE(own.expired(kArrival.steady + 30s));
  EXPECT_TRUE(own.expired(kArrival.steady + 30s + 1ns));
  m.record_time_ms = kNow - 10'000;
  EXPECT_EQ(of(m).remaining(kArrival.steady), 20s);
  m.expiration = "5000";
  EXPECT_EQ(of(m).remaining(kArrival.steady), -5s);
  EXPECT_TRUE(of(m).expired(kArrival.steady));
}

TEST(Deadline, OfWhatIsNoRequestNeverComes) {
  Deadline none;
  EXPECT_FALSE(none.expired(Clock::now() + 24h * 365 * 50));
  EXPECT_GT(none.remaining(Clock::now()), 24h * 365 * 50);
}

TEST(Deadline, IsAtTheMostACenturyAway) {
  Message m;
  std::vector<Header> headers{{header::kDeadline, Value::of(std::string_view("99999999999999999"))}};
  m.headers = headers;
  EXPECT_EQ(of(m).at_ms, int64_t{UINT32_MAX} * 1000);
  EXPECT_EQ(of(m).remaining(kArrival.steady), std::chrono::milliseconds(int64_t{UINT32_MAX} * 1000 - kNow));
  headers[0].value = Value::of(std::string_view("0"));  // half a century ago
  EXPECT_EQ(of(m).remaining(kArrival.steady), std::chrono::milliseconds(-kNow));
  m.headers = {};
  m.record_time_ms = INT64_MIN;
  m.expiration = "1000";
  EXPECT_TRUE(of(m).expired(kArrival.steady));
  EXPECT_EQ(of(m).remaining(kArrival.steady), -24h * 365 * 100);
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
