// What the contract's table says crosses, both ways.

#include <random>

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

TEST(Properties, EachTextByItself) {
  struct Case {
    Message::Text Message::*field;
    const char* name;
  };
  for (auto& c :
       {Case{&Message::content_type, "content_type"}, Case{&Message::content_encoding, "content_encoding"},
        Case{&Message::correlation_id, "correlation_id"}, Case{&Message::reply_to, "reply_to"},
        Case{&Message::message_id, "message_id"}, Case{&Message::type, "type"}, Case{&Message::app_id, "app_id"}})
    for (auto& text : {"value"s, ""s, std::string(255, 'v')}) {
      Message m;
      m.*c.field = text;
      auto d = passed_on(m);
      EXPECT_TRUE(d.ok && d.dropped == 0) << c.name;
      EXPECT_EQ(d.message.*c.field, text) << c.name;
      d.message.*c.field = std::nullopt;
      d.message.delivery_mode.reset();
      EXPECT_EQ(encoded(Silent(d.message)), encoded(Silent(Message{}))) << c.name << " has changed another one";
    }
}

TEST(Properties, EachNumberByItself) {
  Message m;
  EXPECT_FALSE(passed_on(m).message.priority);
  for (int p : {0, 9, 255}) {
    m.priority = static_cast<uint8_t>(p);
    EXPECT_EQ(passed_on(m).message.priority, p);
  }
  EXPECT_EQ(passed_on(m).message.delivery_mode, 2) << "published messages are persistent";
  for (auto* ms : {"0", "60000", "4294967295"}) {
    m.expiration = ms;
    EXPECT_EQ(passed_on(m).message.expiration, ms);
  }
}

TEST(Properties, ARecordsTimeKeepsItsMilliseconds) {
  for (int64_t ms : {INT64_C(0), INT64_C(1'700'000'000'000), INT64_C(1'700'000'000'123), INT64_C(-1), INT64_C(-5000)}) {
    Message m;
    m.record_time_ms = ms;
    auto d = passed_on(m);
    EXPECT_EQ(d.message.record_time_ms, ms);
    EXPECT_FALSE(d.message.timestamp) << "it only was the record's time: " << ms;
    EXPECT_TRUE(d.message.headers.empty()) << ms;
  }
}

TEST(Properties, ATimestampStaysAsItsSenderWroteIt) {
  for (uint64_t timestamp : {UINT64_C(0), UINT64_C(1'577'836'800), UINT64_C(1'732'700'000'000), ~UINT64_C(0)}) {
    Message m;
    m.timestamp = timestamp;
    auto d = passed_on(m);
    EXPECT_EQ(d.message.timestamp, timestamp);
    EXPECT_FALSE(d.message.record_time_ms) << "it is no record's time";
  }
}

// Also where both are of the same second, which is when the one could be taken for the other.
TEST(Properties, ATimestampBesideARecordsTime) {
  for (uint64_t timestamp : {UINT64_C(1'577'836'800), UINT64_C(1'700'000'000)}) {
    Message m;
    m.timestamp = timestamp;
    m.record_time_ms = 1'700'000'000'123;
    auto d = passed_on(m);
    EXPECT_EQ(d.message.timestamp, timestamp);
    EXPECT_EQ(d.message.record_time_ms, 1'700'000'000'123);
    EXPECT_TRUE(d.message.headers.empty());
  }
}

// As any client sees it: seconds in the property, the rest in a header that only a bridge reads.
TEST(Properties, WhatAForeignClientSees) {
  Message m;
  m.record_time_ms = 5'123;
  m.tombstone = true;
  Silent p(m);
  p.key = "k";
  Buffer expected;
  Writer w(expected);
  w.number(static_cast<uint16_t>(kHeaders | kDeliveryMode | kTimestamp));
  w.long_string(table_of({{header::kKey, Value::of("k")},
                          {header::kTombstone, Value::of_bool(true)},
                          {header::kTimestampMs, Value::of(int64_t{5'123})}}));
  w.octet(2);
  w.number(uint64_t{5});
  EXPECT_EQ(encoded(p), expected.view());
}

TEST(Properties, KeyTombstoneRedeliveredAndPartitionComeBack) {
  Message m;
  auto key = "\0\xff"s;
  m.key = key;
  m.tombstone = true;
  m.redelivered = true;
  m.reply_to = "replies";
  m.reply_partition = 7;
  auto d = passed_on(m);
  EXPECT_EQ(d.message.key, key);
  EXPECT_TRUE(d.message.tombstone && d.message.redelivered);
  EXPECT_EQ(d.message.reply_partition, 7);
  EXPECT_TRUE(d.message.headers.empty());
  Message with_body;
  with_body.body = "not empty";
  DecodedHeaders storage;
  unsigned dropped = 0;
  EXPECT_TRUE(decode_properties(d.bytes, with_body, storage, dropped));
  EXPECT_FALSE(with_body.tombstone) << "a tombstone has no body";
}

TEST(Properties, ACorrelationIdThatDoesNotFitComesBack) {
  for (auto& id : {std::string(256, 'i'), std::string(2000, '\xff')}) {
    Message m;
    m.correlation_id = id;
    auto d = passed_on(m);
    EXPECT_EQ(d.message.correlation_id, id);
    EXPECT_TRUE(d.message.headers.empty() && d.dropped == 0);
  }
}

TEST(Properties, CorrelationIdsOfAnyBytesComeBack) {
  std::mt19937 random(4711);
  for (size_t size = 0; size <= 255; ++size) {
    std::string id(size, '\0');
    for (auto& c : id) c = static_cast<char>(random());
    Message m;
    m.correlation_id = id;
    EXPECT_EQ(passed_on(m).message.correlation_id, id) << size;
  }
  Message m;
  m.correlation_id = "\xff";
  Decoded d = passed_on(m);
  auto plain = "_w"s;  // what a foreign client sees
  EXPECT_NE(d.bytes.find("\x02" + plain), std::string::npos);
  Decoded looks_like_it(with_headers(""));
  m.correlation_id = "_w";
  EXPECT_EQ(passed_on(m).message.correlation_id, "_w") << "text that looks encoded is not touched";
}

TEST(Properties, ALiteralCorrelationIdIsWrittenAsItIs) {
  const auto id = "\xff\x00 raw"s;
  Message m;
  m.correlation_id = id;
  EXPECT_EQ(passed_on(m).message.id_form, IdForm::encoded);
  m.id_form = IdForm::encoded;
  EXPECT_EQ(passed_on(m).message.id_form, IdForm::encoded);
  m.id_form = IdForm::literal;
  Silent publication(m);
  Decoded d(encoded(publication));
  EXPECT_EQ(d.message.correlation_id, id);
  EXPECT_EQ(d.message.id_form, IdForm::any);
  EXPECT_NE(d.bytes.find(id), std::string::npos);
}

TEST(Properties, TextsThatAreTooLongGoAsHeadersUnderTheirKafkaNames) {
  std::string text(256, 't');
  Message m;
  m.content_type = m.content_encoding = m.reply_to = m.message_id = m.type = m.app_id = text;
  auto d = passed_on(m);
  EXPECT_FALSE(d.message.content_type || d.message.app_id);
  EXPECT_FALSE(d.message.reply_to) << "no queue and no topic has such a name";
  std::vector<std::string> names = {"content-type", "content-encoding", "message-id", "type", "app-id"};
  EXPECT_EQ(d.names(), names);
  for (auto& name : names) EXPECT_EQ(d.find(name)->text, text) << name;
}

TEST(Properties, CloudEventsChangeTheirPrefixAtTheBorder) {
  std::vector<Header> headers{{"ce_id", Value::of("1")}, {"ce_", Value::of("2")}, {"cex", Value::of("3")}};
  Message m;
  m.headers = headers;
  auto bytes = encoded(Silent(m));
  EXPECT_NE(bytes.find("\x0e"
                       "cloudEvents_id"),
            std::string::npos);
  EXPECT_EQ(Decoded(bytes).names(), (std::vector<std::string>{"ce_id", "ce_", "cex"}));
  // The binding's other spelling.
  EXPECT_EQ(Decoded(with_headers(table_of({{"cloudEvents:type", Value::of("t")}}))).names(),
            std::vector<std::string>{"ce_type"});
}

TEST(Properties, NamesThatStandSeveralTimesAreAnArrayOnTheWay) {
  std::vector<Header> headers{{"a", Value::of("1")}, {"b,c", Value::of("2")}, {"a", Value::of("3")}, {"b,c", {}}};
  Message m;
  m.headers = headers;
  auto bytes = encoded(Silent(m));
  Decoded d(bytes);
  EXPECT_EQ(d.names(), (std::vector<std::string>{"a", "a", "b,c", "b,c"}));
  EXPECT_EQ(d.message.headers[0].value.text, "1");
  EXPECT_EQ(d.message.headers[1].value.text, "3");
  EXPECT_EQ(d.message.headers[3].value.kind, Kind::null);
  // An array that was one stays one.
  std::vector<Header> members{{{}, Value::of("x")}, {{}, Value::of("y")}};
  std::vector<Header> array{{"list", {.kind = Kind::array, .text = {}, .members = members}}};
  m.headers = array;
  EXPECT_EQ(passed_on(m).message.headers[0].value.kind, Kind::array);
}

TEST(Properties, ThePublicationsHeadersReplaceThoseOfTheMessage) {
  std::vector<Header> own{{"a", Value::of("old")}, {"b", Value::of("kept")}, {"a", Value::of("older")}};
  std::vector<Header> published{
      {"a", Value::of("new")}, {header::kKey, Value::of("route's")}, {"type", Value::of("x")}};
  Message m;
  m.headers = own;
  m.type = std::string_view("property");
  Silent p(m);
  p.key = "message's";
  p.headers = published;
  Decoded d(encoded(p));
  EXPECT_EQ(d.names(), (std::vector<std::string>{"b", "a", "type"}));
  EXPECT_EQ(d.find("a")->text, "new");
  EXPECT_EQ(d.message.key, "route's");
  EXPECT_EQ(d.message.type, "property") << "a header that is named like a property is a header";
}

TEST(Properties, OneNameForOneHeader) {
  std::string text(256, 't');
  std::vector<Header> own{{"content-type", Value::of("the message's own header")}};
  Message m;
  m.content_type = text;
  m.headers = own;
  auto d = passed_on(m);
  ASSERT_EQ(d.names(), std::vector<std::string>{"content-type"});
  EXPECT_EQ(d.find("content-type")->text, text);
}

}  // namespace
}  // namespace mombridge::amqp
