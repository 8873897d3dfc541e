#include "broker/kafka/record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mombridge::kafka {
namespace {

using Kind = Value::Kind;
using testing::ElementsAre;

struct Pub final : Publication {
  void completed(Outcome) noexcept override {}
};

/// Headers as they lie in a record; nullopt: a null value.
using Raw = std::vector<std::pair<std::string, std::optional<std::string>>>;

Raw raw(const rd_kafka_headers_t* headers) {
  Raw all;
  const char* name;
  const void* value;
  size_t size;
  for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i)
    all.emplace_back(name, value ? std::optional(std::string(static_cast<const char*>(value), size)) : std::nullopt);
  return all;
}

RecordHeaders headers_of(const Raw& all) {
  RecordHeaders headers(rd_kafka_headers_new(all.size()));
  for (auto& [name, value] : all)
    rd_kafka_header_add(headers.get(), name.data(), static_cast<ssize_t>(name.size()), value ? value->data() : nullptr,
                        value ? static_cast<ssize_t>(value->size()) : 0);
  return headers;
}

class Record : public testing::Test {
 protected:
  Raw encode(const Message& m, std::vector<Header> added = {}) {
    Pub p;
    p.message = &m;
    p.headers = added;
    encoded = encode_headers(p, dropped);
    return raw(encoded.get());
  }
  Message& decode(const Raw& all) {
    encoded = headers_of(all);
    return decode();
  }
  Message& decode() {
    storage.clear();
    message = {};
    dropped = 0;
    decoded = decode_content(record, encoded.get(), message, storage, dropped, trust);
    if (decoded.copied) encoded.reset();
    return message;
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (auto& h : message.headers) all.emplace_back(h.name);
    return all;
  }

  char empty = 0;
  rd_kafka_message_t record{.payload = &empty};  // with a body of no bytes, and no key
  RecordHeaders encoded;
  Decoded decoded{};
  RecordStorage storage;
  Message message;
  HeaderTrust trust;
  unsigned dropped = 0;
};

TEST_F(Record, ASmallOneIsCopiedAndALargeOneIsViewed) {
  std::string body(kCopied - 10, 'b'), key = "key";
  record.payload = body.data();
  record.len = body.size();
  record.key = key.data();
  record.key_len = key.size();
  auto& small = decode({{"n", "value"}});  // 1 + 5 bytes
  EXPECT_TRUE(decoded.copied);
  EXPECT_EQ(decoded.size, body.size() + key.size() + 6);
  body[0] = key[0] = '!';
  EXPECT_EQ(small.body[0], 'b');
  EXPECT_EQ(small.key, "key");
  ASSERT_EQ(small.headers.size(), 1u);
  EXPECT_EQ(small.headers[0].name, "n");
  EXPECT_EQ(small.headers[0].value.text, "value");
  EXPECT_EQ(small.body.size() + small.key->size() + 6, storage.bytes.size());

  auto& large = decode({{"nn", "values"}});
  EXPECT_FALSE(decoded.copied);
  EXPECT_EQ(decoded.size, body.size() + key.size() + 8);
  EXPECT_EQ(large.body.data(), body.data());
  EXPECT_EQ(large.headers[0].value.text, "values");
}

TEST_F(Record, ATombstoneIsNoEmptyBody) {
  EXPECT_FALSE(decode({}).tombstone);
  EXPECT_EQ(message.body, "");
  EXPECT_FALSE(message.key);
  record.payload = nullptr;
  EXPECT_TRUE(decode({}).tombstone);
  EXPECT_EQ(message.body, "");
}

TEST_F(Record, PropertiesHaveTheNamesOfTheContract) {
  Message m;
  m.content_type = "text/plain";
  m.content_encoding = "gzip";
  m.correlation_id = std::string_view("\0\xff", 2);
  m.reply_to = "replies";
  m.reply_partition = 258;
  m.message_id = "id";
  m.type = "t";
  m.app_id = "shop";
  m.expiration = "1000";
  m.priority = 255;
  m.redelivered = true;
  EXPECT_THAT(encode(m),
              testing::UnorderedElementsAre(
                  std::pair("content-type", "text/plain"), std::pair("content-encoding", "gzip"),
                  std::pair("kafka_correlationId", std::string("\0\xff", 2)), std::pair("kafka_replyTopic", "replies"),
                  std::pair("kafka_replyPartition", std::string("\0\0\1\2", 4)), std::pair("message-id", "id"),
                  std::pair("type", "t"), std::pair("app-id", "shop"), std::pair("expiration", "1000"),
                  std::pair("priority", "255"), std::pair("mombridge-redelivered", "true")));
  auto& back = decode();
  EXPECT_EQ(back.content_type, m.content_type);
  EXPECT_EQ(back.correlation_id, m.correlation_id);
  EXPECT_EQ(back.reply_to, m.reply_to);
  EXPECT_EQ(back.reply_partition, 258);
  EXPECT_EQ(back.priority, 255);
  EXPECT_EQ(back.expiration, "1000");
  EXPECT_TRUE(back.redelivered);
  EXPECT_TRUE(back.headers.empty());
  EXPECT_EQ(dropped, 0u);
}

TEST_F(Record, TypesAreNotedOnlyWhereTheyAreNeeded) {
  Header headers[] = {{"plain", Value::of("42")}, {"null", {}}};
  Message m;
  m.headers = headers;
  EXPECT_THAT(encode(m), ElementsAre(std::pair("plain", "42"), std::pair("null", std::nullopt)));
  Header typed[] = {{"n", Value::of(int64_t{42})},
                    {"a;b%", Value::of_bool(true)},
                    {"raw", Value::of_bytes("\xff")},
                    {"text", Value::of_bytes("abc")}};
  m.headers = typed;
  EXPECT_THAT(encode(m),
              ElementsAre(std::pair("n", "42"), std::pair("a;b%", "true"), std::pair("raw", "\xff"),
                          std::pair("text", "abc"), std::pair("mombridge-types", "i64:n;bool:a%3Bb%25;bin:text")));
  auto& back = decode();
  ASSERT_EQ(back.headers.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(back.headers[i].name, typed[i].name);
    EXPECT_EQ(back.headers[i].value.kind, typed[i].value.kind);
    EXPECT_EQ(back.headers[i].value.integer, typed[i].value.integer);
  }
}

TEST_F(Record, ANameThatStandsSeveralTimesKeepsEachValueAndType) {
  Header headers[] = {
      {"x", Value::of("a")}, {"y", Value::of("b")}, {"x", Value::of(int64_t{1})}, {"x", {}}, {"x", Value::of("2")}};
  Message m;
  m.headers = headers;
  encode(m);
  auto& back = decode();
  ASSERT_EQ(back.headers.size(), 5u);
  EXPECT_EQ(back.headers[0].value.text, "a");
  EXPECT_EQ(back.headers[2].value.kind, Kind::i64);
  EXPECT_EQ(back.headers[3].value.kind, Kind::null);
  EXPECT_EQ(back.headers[4].value.text, "2");
}

TEST_F(Record, ThePublicationsHeadersReplaceThoseOfTheMessageAndItsProperties) {
  Header headers[] = {{"a", Value::of("old")}, {"b", Value::of("kept")}};
  Message m;
  m.headers = headers;
  m.type = "old";
  EXPECT_THAT(encode(m, {{"a", Value::of("new")}, {"type", Value::of("new")}}),
              ElementsAre(std::pair("b", "kept"), std::pair("a", "new"), std::pair("type", "new")));
}

TEST_F(Record, AHeaderThatIsCalledAsAPropertyStandsBesideIt) {
  Header headers[] = {{"type", Value::of("of the header")}};
  Message m;
  m.headers = headers;
  m.type = "of the message";
  encode(m);
  auto& back = decode();
  EXPECT_EQ(back.type, "of the message");
  ASSERT_EQ(back.headers.size(), 1u);
  EXPECT_EQ(back.headers[0].value.text, "of the header");
}

TEST_F(Record, WhatOnlyAmqpHasIsNotWritten) {
  Header headers[] = {{"mombridge-key", Value::of("k")},
                      {"mombridge-types", Value::of("x")},
                      {"mombridge-tombstone", Value::of_bool(true)},
                      {"mombridge-timestamp-ms", Value::of(int64_t{1})},
                      {"mombridge-hops", Value::of("1")},
                      {"mombridge-deadline", Value::of(int64_t{5})}};
  Message m;
  m.headers = headers;
  EXPECT_THAT(encode(m), ElementsAre(std::pair("mombridge-hops", "1"), std::pair("mombridge-deadline", "5"),
                                     std::pair("mombridge-types", "i64:mombridge-deadline")));
}

TEST_F(Record, ANameWithANulByteIsDroppedAndCounted) {
  Header headers[] = {{std::string_view("a\0b", 3), Value::of("1")}, {"c", Value::of("2")}};
  Message m;
  m.headers = headers;
  EXPECT_THAT(encode(m), ElementsAre(std::pair("c", "2")));
  EXPECT_EQ(dropped, 1u);
}

TEST_F(Record, ForeignHeadersAreTextOrBytes) {
  decode({{"text", "caf\xc3\xa9"}, {"bytes", "caf\xe9"}, {"empty", ""}, {"null", std::nullopt}});
  ASSERT_EQ(message.headers.size(), 4u);
  EXPECT_EQ(message.headers[0].value.kind, Kind::string);
  EXPECT_EQ(message.headers[1].value.kind, Kind::bytes);
  EXPECT_EQ(message.headers[2].value.kind, Kind::string);
  EXPECT_EQ(message.headers[3].value.kind, Kind::null);
}

TEST_F(Record, WhatBrokersOwnOrWouldSteerThemIsDropped) {
  decode({{"CC", "elsewhere"},
          {"BCC", "elsewhere"},
          {"x-death", "forged"},
          {"x-first-death-queue", "q"},
          {"x-delivery-count", "9"},
          {"mombridge-key", "forged"},
          {"mombridge-tombstone", "true"},
          {"mombridge-timestamp-ms", "1"},
          {"mombridge-correlation-id-encoding", "base64url"},
          {"x-mine", "kept"},
          {"ce_id", "1"},
          {"cloudEvents_id", "2"}});
  EXPECT_THAT(names(), ElementsAre("x-mine", "ce_id", "cloudEvents_id"));
  EXPECT_EQ(dropped, 9u);
  EXPECT_FALSE(message.key);
  EXPECT_FALSE(message.tombstone);
}

TEST_F(Record, PropertiesThatMakeNoSenseStayHeadersOrGo) {
  decode({{"priority", "high"},
          {"priority", "256"},
          {"expiration", "tomorrow"},
          {"content-type", "\xff"},
          {"type", std::nullopt}});
  EXPECT_FALSE(message.priority);
  EXPECT_FALSE(message.expiration);
  EXPECT_FALSE(message.content_type);
  EXPECT_FALSE(message.type);
  EXPECT_THAT(names(), ElementsAre("priority", "priority", "expiration", "content-type", "type"))
      << "an expiration that is no number would close an AMQP channel, but not as a header";
  EXPECT_EQ(dropped, 0u);
}

// RabbitMQ would drop a message because of a header `expiration`, and no longer find it by a header `type`.
TEST_F(Record, HeadersThatAreCalledAsPropertiesStayHeaders) {
  std::vector<Header> headers{
      {"type", Value::of("order")},       {"expiration", Value::of("1500")},    {"priority", Value::of(int64_t{3})},
      {"priority", Value::of("4")},       {"message-id", Value::of("m")},       {"app-id", Value::of("a")},
      {"content-type", Value::of("x/y")}, {"content-encoding", Value::of("e")}, {"timestamp", Value::of("15")}};
  Message m;
  m.headers = headers;
  encode(m);
  auto& back = decode();
  EXPECT_FALSE(back.type || back.expiration || back.priority || back.message_id || back.app_id || back.content_type ||
               back.content_encoding || back.timestamp);
  ASSERT_EQ(back.headers.size(), headers.size());
  for (size_t i = 0; i < headers.size(); ++i) {
    EXPECT_EQ(back.headers[i].name, headers[i].name);
    EXPECT_EQ(back.headers[i].value.kind, headers[i].value.kind) << headers[i].name;
  }
}

TEST_F(Record, APropertyAndAHeaderOfItsName) {
  std::vector<Header> headers{
      {"type", Value::of("order")}, {"priority", Value::of("3")}, {"expiration", Value::of("9")}};
  Message m;
  m.headers = headers;
  m.type = "example";
  m.priority = 5;
  m.expiration = "1000";
  encode(m);
  auto& back = decode();
  EXPECT_EQ(back.type, "example");
  EXPECT_EQ(back.priority, 5);
  EXPECT_EQ(back.expiration, "1000");
  EXPECT_THAT(names(), testing::UnorderedElementsAre("type", "priority", "expiration"));
}

// Without AMQP there is nothing to tell apart: a mirrored record has the headers that it had.
TEST_F(Record, AMirroredRecordGetsNoNote) {
  const Raw kHeaders{{"priority", "007"}, {"priority", "1"},       {"priority", "2"},       {"type", "a"},
                     {"type", "b"},       {"expiration", "never"}, {"content-type", "\xff"}};
  auto& back = decode(kHeaders);
  EXPECT_EQ(back.priority, 2);
  EXPECT_THAT(encode(Message(back)), testing::UnorderedElementsAreArray(kHeaders));
}

// Were the one that does not count passed on, a reader that takes the first would be answered there.
TEST_F(Record, ReplyPropertiesAreNeverHeaders) {
  decode({{"kafka_replyTopic", "forged"},
          {"kafka_replyPartition", std::string("\0\0\0\1", 4)},
          {"kafka_correlationId", "forged"},
          {"kafka_replyTopic", "replies"},
          {"kafka_replyPartition", std::string("\0\0\0\2", 4)},
          {"kafka_correlationId", "id"}});
  EXPECT_EQ(message.reply_to, "replies");
  EXPECT_EQ(message.reply_partition, 2);
  EXPECT_EQ(message.correlation_id, "id");
  EXPECT_TRUE(message.headers.empty());
  EXPECT_EQ(dropped, 3u);
}

TEST_F(Record, ReplyPropertiesThatMakeNoSenseAreDropped) {
  decode({{"kafka_replyTopic", "replies"},
          {"kafka_replyTopic", "\xff"},
          {"kafka_replyTopic", std::string(256, 't')},
          {"kafka_replyTopic", std::nullopt},
          {"kafka_replyPartition", "3"},
          {"kafka_replyPartition", "\xff\xff\xff\xff"},
          {"kafka_replyPartition", std::string("\x80\0\0\0", 4)},
          {"kafka_replyPartition", std::string("\0\0\0\1\0\0\0\3", 8)},
          {"kafka_replyPartition", std::nullopt},
          {"kafka_correlationId", std::nullopt}});
  EXPECT_EQ(message.reply_to, "replies");
  EXPECT_FALSE(message.reply_partition || message.correlation_id);
  EXPECT_TRUE(message.headers.empty());
  EXPECT_EQ(dropped, 9u);
}

TEST_F(Record, WhatADeadLetterSaysCanBeAskedForAndIsNotWrittenAgain) {
  decode({{"kafka_dlt-original-topic", "orders"}, {"mombridge-dead-reason", "full"}, {"kafka_dlt-x", std::nullopt}});
  EXPECT_EQ(dropped, 3u);
  ASSERT_NE(message.find("mombridge-dead-reason"), nullptr);
  EXPECT_EQ(message.find("mombridge-dead-reason")->text, "full");
  EXPECT_EQ(message.find("kafka_dlt-original-topic")->text, "orders");
  EXPECT_TRUE(encode(message).empty());
}

TEST_F(Record, HeadersOfBridgesAreBounded) {
  decode({{"mombridge-hops", "3"}, {"mombridge-deadline", "1700000000000"}, {"mombridge-redelivered", "true"}});
  EXPECT_THAT(names(), ElementsAre("mombridge-hops", "mombridge-deadline"));
  EXPECT_TRUE(message.redelivered);
  EXPECT_EQ(dropped, 0u);
  decode({{"mombridge-hops", "many"},
          {"mombridge-hops", std::nullopt},
          {"mombridge-deadline", "-1"},
          {"mombridge-redelivered", "yes"},
          {"mombridge-redelivered", std::nullopt},
          {"mombridge-error", "timeout"},
          {"mombridge-key", std::nullopt},
          {"mombridge-reply-partition", "1"},
          {"mombridge-correlation-id", "id"}});
  EXPECT_TRUE(message.headers.empty());
  EXPECT_FALSE(message.redelivered || message.reply_partition || message.correlation_id);
  EXPECT_EQ(dropped, 9u);
  trust.replies = true;
  decode({{"mombridge-error", "timeout"}});
  EXPECT_THAT(names(), ElementsAre("mombridge-error"));
}

// `f64` would make 0 of the passages, and a loop would go on.
TEST_F(Record, ACountStaysANumberWhateverItsNoteSays) {
  decode({{"mombridge-hops", "7"}, {"mombridge-types", "f64:mombridge-hops"}});
  EXPECT_EQ(whole_number(message.headers[0].value), 7);
}

TEST_F(Record, WithoutRestoreTypesAreNotRead) {
  trust.restore = false;
  decode({{"n", "42"}, {"mombridge-types", "i32:n"}});
  ASSERT_THAT(names(), ElementsAre("n"));
  EXPECT_EQ(message.headers[0].value.kind, Kind::string);
  EXPECT_EQ(dropped, 1u);
  EXPECT_THAT(encode(message), ElementsAre(std::pair("n", "42")));
}

TEST_F(Record, ATextThatIsNotUtf8StaysAText) {
  Header members[] = {{{}, Value::of("\xff\xfe")}, {{}, Value::of_bytes("abc")}};
  Header headers[] = {{"sig", Value::of("\xff\xfe")},
                      {"raw", Value::of_bytes("\xff\xfe")},
                      {"list", {.kind = Kind::array, .text = {}, .members = members}}};
  Message m;
  m.headers = headers;
  EXPECT_THAT(encode(m), ElementsAre(std::pair("sig", "\xff\xfe"), std::pair("raw", "\xff\xfe"),
                                     std::pair("list", "[\"fffe\",\"616263\"]"),
                                     std::pair("mombridge-types", "str:sig;[raw,bin]:list")));
  auto& back = decode();
  ASSERT_EQ(back.headers.size(), 3u);
  EXPECT_EQ(back.headers[0].value.kind, Kind::string);
  EXPECT_EQ(back.headers[1].value.kind, Kind::bytes);
  ASSERT_EQ(back.headers[2].value.members.size(), 2u);
  EXPECT_EQ(back.headers[2].value.members[0].value.kind, Kind::string);
  EXPECT_EQ(back.headers[2].value.members[0].value.text, "\xff\xfe");
  EXPECT_EQ(back.headers[2].value.members[1].value.kind, Kind::bytes);
}

TEST_F(Record, AForgedOrDamagedTypeNoteDoesNoHarm) {
  for (std::string note : {";;;", ":", "i32:", "i32:missing", "i32:a", "bool:a;bool:a;bool:a", "[:a", "{{{{:a", "i32",
                           "str:%", "str:%2", "i32:%61"}) {
    decode({{"a", "text"}, {"mombridge-types", note}});
    ASSERT_EQ(message.headers.size(), 1u) << note;
    EXPECT_EQ(message.headers[0].value.kind, Kind::string) << note;
    EXPECT_EQ(message.headers[0].value.text, "text") << note;
  }
  decode({{"a", "1"}, {"mombridge-types", std::nullopt}});
  EXPECT_THAT(names(), ElementsAre("a"));
}

// AMQP's side lists in a header of this name what stood several times; on a record it means nothing.
TEST_F(Record, AmqpsNoteOfRepeatedNamesIsHarmlessHere) {
  decode({{"a", "1"}, {"a", "2"}, {"mombridge-types", "a,b"}});
  EXPECT_THAT(names(), ElementsAre("a", "a"));
}

TEST_F(Record, VeryManyHeadersWithVeryManyTypesTakeNoTime) {
  Raw all;
  std::string note;
  constexpr int kMany = 50'000;
  for (int i = 0; i < kMany; ++i) {
    all.emplace_back("h" + std::to_string(i), "1");
    note += "i32:n" + std::to_string(i) + ";";
  }
  all.emplace_back("mombridge-types", note);
  decode(all);
  EXPECT_EQ(message.headers.size(), static_cast<size_t>(kMany));
}

TEST_F(Record, TheIdOfAMessageWithoutOneSaysWhereItWas) {
  Buffer id;
  EXPECT_EQ(make_id(id, id_prefix("lake", "orders", 3), 1234567890123), "kafka:lake/orders/3/1234567890123");
}

TEST_F(Record, TheTimestampIsAHeader) {
  Message m;
  m.timestamp = 1'732'700'000'000;
  m.record_time_ms = 1;
  EXPECT_THAT(encode(m), ElementsAre(std::pair("timestamp", "1732700000000")));
  EXPECT_EQ(decode().timestamp, 1'732'700'000'000u);
  EXPECT_FALSE(message.record_time_ms) << "which is the record's own";
  EXPECT_TRUE(message.headers.empty());
}

TEST_F(Record, AHeaderThatOnlyIsCalledTimestampStaysOne) {
  for (std::string text : {"", "soon", "-1", "+1", "01", "1.5", "18446744073709551616"}) {
    EXPECT_FALSE(decode({{"timestamp", text}}).timestamp) << text;
    ASSERT_EQ(message.headers.size(), 1u) << text;
    EXPECT_EQ(message.headers[0].value.text, text);
    EXPECT_THAT(encode(Message(message)), ElementsAre(std::pair("timestamp", text))) << "and needs no note";
  }
}

// Text that could be the property has its type noted, unless the property stands behind it.
TEST_F(Record, AHeaderThatPassesForTheTimestamp) {
  Message m;
  std::vector<Header> headers{{"timestamp", Value::of("1577836800")}};
  m.headers = headers;
  EXPECT_THAT(encode(m),
              ElementsAre(std::pair("timestamp", "1577836800"), std::pair("mombridge-types", "str:timestamp")));
  EXPECT_FALSE(decode().timestamp);
  EXPECT_THAT(names(), ElementsAre("timestamp"));

  m.timestamp = 5;
  EXPECT_THAT(encode(m), ElementsAre(std::pair("timestamp", "1577836800"), std::pair("timestamp", "5")));
  EXPECT_EQ(decode().timestamp, 5u);
  ASSERT_THAT(names(), ElementsAre("timestamp"));
  EXPECT_EQ(message.headers[0].value.text, "1577836800");
}

}  // namespace
}  // namespace mombridge::kafka
