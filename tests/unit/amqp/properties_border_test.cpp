// What must not cross, and what is malformed.

#include <random>

#include <gmock/gmock.h>

#include "properties_support.hpp"

namespace mombridge::amqp {
namespace {

using namespace std::string_literals;
using test::Decoded;
using test::encoded;
using test::passed_on;
using test::Silent;
using test::table_of;
using test::with_headers;
using Kind = Value::Kind;

const char* const kOwned[] = {"CC", "BCC", "x-death", "x-delivery-count", "x-acquired-count", "x-opt-deaths"};

const char* const kForged[] = {"kafka_replyTopic",         "kafka_replyPartition",  "kafka_correlationId",
                               "kafka_dlt-original-topic", "mombridge-dead-reason", "mombridge-error"};

/// All that one header came to.
struct One {
  One(std::string_view name, const Value& value, HeaderTrust trust = {})
      : bytes(with_headers(table_of({{name, value}}))) {
    EXPECT_TRUE(decode_properties(bytes, message, storage, dropped, trust));
    plain = !message.headers.empty();
  }
  std::string bytes;
  Message message;
  DecodedHeaders storage;
  unsigned dropped = 0;
  bool plain;
};

TEST(Border, BrokerOwnedHeadersAreStoppedOnTheWayIn) {
  std::vector<Header> headers;
  for (auto* name : kOwned) headers.push_back({name, Value::of("forged")});
  headers.push_back({"x-mine", Value::of("kept")});
  Decoded d(with_headers(table_of(headers)));
  EXPECT_EQ(d.names(), std::vector<std::string>{"x-mine"});
}

// From Kafka, where they are headers like any other: a CC that is no array closes the channel, one that is steers the
// broker; a forged x-death kills a queue's dead-lettering.
TEST(Border, BrokerOwnedHeadersAreStoppedOnTheWayOut) {
  std::vector<Header> headers;
  for (auto* name : kOwned) headers.push_back({name, Value::of("forged")});
  headers.push_back({"x-mine", Value::of("kept")});
  Message plain, forged;
  forged.headers = headers;
  plain.headers = std::span(headers).last(1);
  EXPECT_EQ(encoded(Silent(forged)), encoded(Silent(plain)));
  Silent p(plain);
  p.headers = std::span<const Header>(headers).first(1);
  EXPECT_EQ(encoded(p), encoded(Silent(plain))) << "nor by a route's headers";
}

TEST(Border, UserIdAndClusterIdAreRead_ButGoNowhere) {
  Buffer bytes;
  Writer w(bytes);
  w.number(static_cast<uint16_t>(kType | kUserId | kAppId | kClusterId));
  w.short_string("type");
  w.short_string("mallory");
  w.short_string("app");
  w.short_string("cluster");
  Decoded d(bytes.str());
  EXPECT_TRUE(d.ok);
  EXPECT_EQ(d.message.type, "type");
  EXPECT_EQ(d.message.app_id, "app") << "what stands after it is read right";
  auto out = encoded(Silent(d.message));
  EXPECT_EQ(out.find("mallory"), std::string::npos);
  EXPECT_EQ(out.find("cluster"), std::string::npos);
}

TEST(Border, NotesOfTheQueueAreReadAndGoNoFurther) {
  Message m;
  std::vector<Header> headers{{"mombridge-put-back", Value::of(int64_t{2})},
                              {"mombridge-put-back-target", Value::of(std::string_view("a.b"))},
                              {"own", Value::of(std::string_view("kept"))}};
  m.headers = headers;
  m.app_id = "app";
  Silent publication(m);
  Decoded d(encoded(publication, "me"));
  EXPECT_TRUE(d.ok);
  EXPECT_EQ(d.message.app_id, "app");
  EXPECT_THAT(d.names(), testing::ElementsAre("own"));
  Message again;
  DecodedHeaders storage;
  unsigned dropped = 0;
  QueueNotes notes;
  EXPECT_TRUE(decode_properties(d.bytes, again, storage, dropped, {}, &notes));
  EXPECT_TRUE(notes.any());
  EXPECT_EQ(notes.put_backs, 2);
  EXPECT_EQ(notes.put_back_target, "a.b");
  EXPECT_EQ(notes.user_id, "me");
  EXPECT_FALSE(notes.delivery_count);
}

TEST(Border, AnExpirationThatTheBrokerCannotCountIsNoProperty) {
  for (auto text : {"soon"s, "-1"s, ""s, "1.5"s, "4294967296"s, "99999999999999999999999999"s, " 1"s}) {
    Message m;
    m.expiration = text;
    auto d = passed_on(m);
    EXPECT_FALSE(d.message.expiration) << text;
    ASSERT_EQ(d.names(), std::vector<std::string>{"expiration"}) << text;
    EXPECT_EQ(d.find("expiration")->text, text) << "but not lost";
  }
  Buffer bytes;
  Writer w(bytes);
  w.number(kExpiration);
  w.short_string("soon");
  EXPECT_FALSE(Decoded(bytes.str()).message.expiration) << "and dropped on the way in";
}

TEST(Border, ATimestampBeyondTheEndOfTimeStaysAsItIs) {
  Buffer bytes;
  Writer w(bytes);
  w.number(kTimestamp);
  w.number(~uint64_t{0});
  Decoded d(bytes.str());
  EXPECT_TRUE(d.ok);
  EXPECT_EQ(d.message.timestamp, ~uint64_t{0});
  EXPECT_FALSE(d.message.time_ms()) << "but it is no time";
  EXPECT_EQ(d.dropped, 0u);
}

// With these beside a reply_to, a reader that takes the first would answer where the forger wants.
TEST(Border, NamesThatTheBridgeWritesOnTheOtherSideAreDroppedAndCounted) {
  for (auto* name : kForged) {
    for (auto& value : {Value::of("forged"), Value::of(int64_t{3}), Value()}) {
      One one(name, value);
      EXPECT_FALSE(one.plain) << name;
      EXPECT_EQ(one.dropped, 1u) << name;
      EXPECT_FALSE(one.message.correlation_id || one.message.reply_to || one.message.reply_partition) << name;
    }
  }
  EXPECT_TRUE(One("Kafka_ReplyTopic", Value::of("x")).plain) << "another name";
}

TEST(Border, AnErrorCrossesInRepliesAlone) {
  EXPECT_TRUE(One(header::kError, Value::of("timeout"), {.replies = true}).plain);
  EXPECT_FALSE(One(header::kError, Value::of("timeout")).plain);
}

TEST(Border, WhatADeadLetterSaysCanBeAskedForAndIsNotWrittenAgain) {
  One one("mombridge-dead-target", Value::of("orders"));
  ASSERT_NE(one.message.find("mombridge-dead-target"), nullptr);
  EXPECT_EQ(one.message.find("mombridge-dead-target")->text, "orders");
  EXPECT_EQ(encoded(Silent(one.message)), encoded(Silent(Message{})));
}

TEST(Border, HeadersOfBridgesWithAWrongValueAreDroppedAndCounted) {
  std::vector<Header> none;
  Value table{.kind = Kind::table, .text = {}, .members = none};
  Value real{.kind = Kind::f64, .real = 1, .text = {}, .members = {}};
  const std::pair<std::string_view, Value> wrong[] = {{header::kKey, Value::of(int64_t{1})},
                                                      {header::kKey, {}},
                                                      {header::kTombstone, Value::of_bool(false)},
                                                      {header::kTombstone, Value::of(int64_t{1})},
                                                      {header::kTimestampMs, Value::of("yesterday")},
                                                      {header::kTimestampMs, real},
                                                      {header::kTimestampMs, table},
                                                      {header::kTimestampMs, Value::of(INT64_MAX)},
                                                      {header::kTimestampMs, Value::of(INT64_MIN)},
                                                      {header::kTypes, Value::of("i32:n")},
                                                      {header::kTypes, table},
                                                      {header::kRedelivered, Value::of("maybe")},
                                                      {header::kCorrelationIdEncoding, Value::of("rot13")},
                                                      {header::kCorrelationId, Value::of("short")},
                                                      {header::kReplyPartition, Value::of(int64_t{-1})},
                                                      {header::kReplyPartition, Value::of(int64_t{1} << 31)},
                                                      {header::kReplyPartition, Value::of((int64_t{1} << 32) + 3)},
                                                      {header::kReplyPartition, Value::of(INT64_MIN)},
                                                      {header::kReplyPartition, Value::of(INT64_MAX)},
                                                      {header::kHops, Value::of("many")},
                                                      {header::kDeadline, Value::of(int64_t{-1})}};
  for (auto& [name, value] : wrong) {
    One one(name, value);
    EXPECT_FALSE(one.plain) << name;
    EXPECT_EQ(one.dropped, 1u) << name;
    EXPECT_EQ(encoded(Silent(one.message)), encoded(Silent(Message{}))) << name << " did something";
  }
  EXPECT_TRUE(One("mombridge-unknown", table).plain);
}

TEST(Border, WithoutRestoreTheyMeanNothingAndDoNotCross) {
  std::vector<Header> names{{{}, Value::of("a")}};
  Value array{.kind = Kind::array, .text = {}, .members = names};
  std::string id(300, 'i');
  const std::pair<std::string_view, Value> noted[] = {{header::kKey, Value::of("k")},
                                                      {header::kTombstone, Value::of_bool(true)},
                                                      {header::kTypes, array},
                                                      {header::kTimestampMs, Value::of(int64_t{1'700'000'000'123})},
                                                      {header::kCorrelationId, Value::of(id)},
                                                      {header::kReplyPartition, Value::of(int64_t{3})}};
  for (auto& [name, value] : noted) {
    EXPECT_EQ(One(name, value).dropped, 0u) << name;
    One one(name, value, {.restore = false});
    EXPECT_EQ(one.dropped, 1u) << name;
    EXPECT_FALSE(one.plain) << name;
    EXPECT_EQ(encoded(Silent(one.message)), encoded(Silent(Message{}))) << name << " did something";
  }
  EXPECT_TRUE(One(header::kHops, Value::of("3"), {.restore = false}).plain) << "loops are still stopped";
}

TEST(Border, AnEncodedIdThatIsNoBase64StaysAsItIs) {
  Buffer bytes;
  Writer w(bytes);
  w.number(static_cast<uint16_t>(kHeaders | kCorrelationId));
  w.long_string(table_of({{header::kCorrelationIdEncoding, Value::of("base64url")}}));
  w.short_string("not base64!");
  EXPECT_EQ(Decoded(bytes.str()).message.correlation_id, "not base64!");
}

// No bridge encodes what is text: an id that looks so is somebody's own, and a reply must bring it back.
TEST(Border, AnEncodedIdThatIsTextStaysAsItIs) {
  Buffer bytes;
  Writer w(bytes);
  w.number(static_cast<uint16_t>(kHeaders | kCorrelationId));
  w.long_string(table_of({{header::kCorrelationIdEncoding, Value::of("base64url")}}));
  w.short_string("YWJj");  // "abc"
  Decoded d(bytes.str());
  EXPECT_EQ(d.message.correlation_id, "YWJj");
  EXPECT_EQ(d.message.id_form, IdForm::any);
}

TEST(Border, AHeaderNameOverAShortStringIsAnError) {
  std::string name(256, 'n');
  std::vector<Header> headers{{name, Value::of("v")}};
  Message m;
  m.headers = headers;
  Buffer out;
  Writer w(out);
  auto result = encode_properties(w, Silent(m));
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().text.find("256"), std::string::npos) << result.error().text;
}

TEST(Border, EveryTruncationIsMalformedButHarmless) {
  Message m;
  std::vector<Header> headers{{"a", Value::of("1")}, {"b", Value::of(int64_t{2})}};
  m.headers = headers;
  m.content_type = m.content_encoding = m.correlation_id = m.reply_to = m.message_id = m.type = m.app_id =
      std::string_view("text");
  m.expiration = "5";
  m.priority = 1;
  m.timestamp = 1;
  auto whole = encoded(Silent(m));
  for (size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(Decoded(whole.substr(0, size)).ok) << size;
  EXPECT_TRUE(Decoded(whole).ok);
  EXPECT_FALSE(Decoded("\x80\x01"s).ok) << "continued flags";
}

TEST(Border, RandomBytesDoNoHarm) {
  std::mt19937 random(4711);
  Message m;
  std::vector<Header> headers{{"a", Value::of("1")},
                              {"a", Value::of(int64_t{2})},
                              {header::kKey, Value::of("k")},
                              {header::kHops, Value::of("1")},
                              {"mombridge-dead-x", Value::of("r")}};
  m.headers = headers;
  m.correlation_id = "\xff";
  m.reply_to = "r";
  m.reply_partition = 1;
  auto good = encoded(Silent(m));
  size_t fine = 0;
  for (int i = 0; i < 30'000; ++i) {
    auto bytes = good;
    for (unsigned n = 1 + random() % 3; n > 0; --n) bytes[random() % bytes.size()] = static_cast<char>(random());
    Decoded d(bytes);
    fine += d.ok && !d.dropped;
    Buffer again;
    Writer w(again);
    [[maybe_unused]] auto ok = encode_properties(w, Silent(d.message));
  }
  EXPECT_GT(fine, 1000u);
}

// 40,000 headers in a table of the largest size. Were each compared with each, the test would run into its time-out.
TEST(Border, FortyThousandNamesAreNotComparedPairByPair) {
  std::vector<std::string> texts;
  for (int i = 0; i < 20'000; ++i) texts.push_back(std::to_string(i));
  std::vector<Header> headers;
  for (int twice = 0; twice < 2; ++twice)
    for (auto& t : texts) headers.push_back({t, {}});
  Message m;
  m.headers = headers;
  for (int i = 0; i < 60; ++i) {
    auto d = passed_on(m);
    EXPECT_EQ(d.message.headers.size(), headers.size());
    EXPECT_GT(d.storage.footprint(), headers.size() * sizeof(Header)) << "what they take counts";
  }
}

}  // namespace
}  // namespace mombridge::amqp
