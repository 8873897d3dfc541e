// The time of a record, and what the errors of a produced one come to.

#include "broker/kafka/produce.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/kafka/refusal.hpp"
#include "broker/kafka/settings.hpp"

namespace mombridge::kafka {
namespace {

using testing::HasSubstr;
using testing::Not;

const PublishOptions kKeep(RecordTime::keep), kArrival(RecordTime::arrival);

struct Pub final : Publication {
  Pub() {
    Publication::message = &content;
    Publication::target = "state";
    content.body = "body";
  }
  void completed(Outcome) noexcept override {}
  Message content;
};

TEST(RecordTime, IsThatOfItsArrivalWhateverTheTimestampSays) {
  Pub p;
  EXPECT_EQ(record_time(p), 0);
  for (uint64_t timestamp : {UINT64_C(1'577'836'800), UINT64_C(1'732'700'000'000), ~UINT64_C(0)}) {
    p.content.timestamp = timestamp;
    EXPECT_EQ(record_time(p), 0);
  }
}

TEST(RecordTime, OfWhatHasBeenARecordIsKept) {
  Pub p;
  p.content.timestamp = 1'577'836'800;
  p.content.record_time_ms = 1'700'000'000'123;
  EXPECT_EQ(record_time(p), 1'700'000'000'123);
  p.options = &kKeep;
  EXPECT_EQ(record_time(p), 1'700'000'000'123);
  p.content.record_time_ms = -1;
  EXPECT_EQ(record_time(p), 0) << "none";
  p.content.record_time_ms = 1'700'000'000'123;
  p.options = &kArrival;
  EXPECT_EQ(record_time(p), 0) << "not that of a dead letter, from which retention would count";
}

TEST(RecordTime, IsTheTimestampWhereTheDestinationKeepsIt) {
  Pub p;
  p.options = &kKeep;
  EXPECT_EQ(record_time(p), 0);
  p.content.timestamp = 0;
  EXPECT_EQ(record_time(p), 0) << "not set";
  p.content.timestamp = 1'577'836'800;
  EXPECT_EQ(record_time(p), 1'577'836'800'000);
  p.content.timestamp = 99'999'999'999;
  EXPECT_EQ(record_time(p), 99'999'999'999'000);
  p.content.timestamp = 1'732'700'000'000;
  EXPECT_EQ(record_time(p), 1'732'700'000'000) << "milliseconds where seconds belong";
}

TEST(RecordTime, ATimestampThatIsNoTimeIsRefusedByName) {
  Pub p;
  p.options = &kKeep;
  for (uint64_t timestamp : {UINT64_C(1'732'700'000'000'000), ~UINT64_C(0)}) {
    p.content.timestamp = timestamp;
    auto time = record_time(p);
    ASSERT_FALSE(time);
    EXPECT_THAT(time.error().text, HasSubstr("timestamp " + std::to_string(timestamp)));
    EXPECT_THAT(time.error().text, HasSubstr("timestamp: keep"));
  }
}

class Refused : public testing::Test {
 protected:
  Outcome of(rd_kafka_resp_err_t code, Judge judge = Judge::broker) { return outcome_of(p, code, judge, limits); }
  Pub p;
  ProducerLimits limits{.message_max_bytes = "99000000", .compression = "lz4"};
};

TEST_F(Refused, TheReasonSaysWhoFoundItTooLarge) {
  auto broker = of(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  EXPECT_EQ(broker.cause, Outcome::Cause::size);
  EXPECT_THAT(broker.reason, HasSubstr("too large for the broker, sent compressed with lz4"));
  EXPECT_THAT(broker.reason, HasSubstr("max.message.bytes"));
  auto client = of(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, Judge::client);
  EXPECT_EQ(client.cause, Outcome::Cause::size);
  EXPECT_THAT(client.reason, HasSubstr("too large for the client"));
  EXPECT_THAT(client.reason, HasSubstr("message.max.bytes under librdkafka: is 99000000"));
  EXPECT_THAT(client.reason, Not(HasSubstr("Broker:")));
}

TEST_F(Refused, ACompactedTopicNeedsAKey) {
  auto keyless = of(RD_KAFKA_RESP_ERR_INVALID_RECORD);
  EXPECT_EQ(keyless.cause, Outcome::Cause::message);
  EXPECT_THAT(keyless.reason, HasSubstr("cleanup.policy=compact"));
  p.key = "";
  EXPECT_THAT(of(RD_KAFKA_RESP_ERR_INVALID_RECORD).reason, Not(HasSubstr("compact")));
}

TEST_F(Refused, OnlyWhatMayBeMendedIsTriedAgain) {
  EXPECT_EQ(of(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED).cause, Outcome::Cause::around);
  EXPECT_EQ(of(RD_KAFKA_RESP_ERR_POLICY_VIOLATION).cause, Outcome::Cause::around);
  EXPECT_EQ(of(RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION).cause, Outcome::Cause::message);
  EXPECT_EQ(of(RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS).kind, Outcome::Kind::away);
}

TEST_F(Refused, ATimeIsTheMessagesFaultOnlyWhereItHasOne) {
  EXPECT_EQ(of(RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP).kind, Outcome::Kind::away);
  p.content.record_time_ms = 1;
  auto outcome = of(RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP);
  EXPECT_EQ(outcome.kind, Outcome::Kind::refused);
  EXPECT_EQ(outcome.cause, Outcome::Cause::message);
  EXPECT_THAT(outcome.reason, HasSubstr("message.timestamp.after.max.ms"));
}

}  // namespace
}  // namespace mombridge::kafka
