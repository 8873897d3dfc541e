// What crosses the ABI, in both directions.

#include "handler/abi.hpp"

#include "running.hpp"

namespace mombridge::handler::test {
namespace {

using testing::HasSubstr;

Result<std::unique_ptr<OwnedMessage>> copy(const mombridge_message* message) {
  unsigned dropped = 0;
  auto copied = handler::copy(message, dropped);
  EXPECT_EQ(dropped, 0u);
  return copied;
}

mombridge_message empty() {
  mombridge_message m{};
  m.struct_size = sizeof m;
  return m;
}

TEST(Abi, CarriesAMessage) {
  TestCall call("body");
  auto& m = call.content;
  m.key = "";
  m.content_type = "text/plain";
  m.content_encoding = "gzip";
  m.correlation_id = std::string_view("\x00\xff", 2);
  m.reply_to = "r";
  m.message_id = "i";
  m.type = "t";
  m.record_time_ms = 1'700'000'000'123;
  m.redelivered = true;
  call.attempt = 3;
  AbiMessage sent(call);
  auto& a = *sent.get();
  EXPECT_EQ(a.struct_size, sizeof a);
  EXPECT_EQ(view(a.target), "t");
  EXPECT_EQ(view(a.source), "shop");
  EXPECT_NE(a.key.data, nullptr);
  EXPECT_EQ(a.key.size, 0u);
  EXPECT_EQ(a.attempt, 3u);
  EXPECT_EQ(a.flags, MOMBRIDGE_MESSAGE_REDELIVERED);
  EXPECT_EQ(a.deadline_ms, 0);

  auto back = copy(&a);
  ASSERT_TRUE(back);
  auto& b = (*back)->message;
  EXPECT_NE(b.body.data(), m.body.data());
  EXPECT_EQ(b.body, "body");
  EXPECT_EQ(b.key, "");
  EXPECT_EQ(b.content_type, "text/plain");
  EXPECT_EQ(b.content_encoding, "gzip");
  EXPECT_EQ(b.correlation_id, std::string_view("\x00\xff", 2));
  EXPECT_EQ(b.reply_to, "r");
  EXPECT_EQ(b.message_id, "i");
  EXPECT_EQ(b.type, "t");
  EXPECT_EQ(a.timestamp_ms, 1'700'000'000'123);
  EXPECT_EQ(b.timestamp, 1'700'000'000u) << "in whole seconds";
  EXPECT_EQ(b.expiration, std::nullopt);
}

TEST(Abi, WhatIsAbsentStaysAbsent) {
  TestCall call;
  AbiMessage sent(call);
  EXPECT_EQ(sent.get()->key.data, nullptr);
  auto back = copy(sent.get());
  ASSERT_TRUE(back);
  EXPECT_EQ((*back)->message.key, std::nullopt);
  EXPECT_EQ((*back)->message.correlation_id, std::nullopt);
  EXPECT_EQ((*back)->message.timestamp, std::nullopt);
  EXPECT_FALSE((*back)->message.tombstone);
}

TEST(Abi, HeadersOfAnyTypeAreText) {
  TestCall call;
  std::vector<Header> members{{"", Value::of("x")}};
  Value array;
  array.kind = Value::Kind::array;
  array.members = members;
  std::vector<Header> headers{
      {"s", Value::of("")}, {"n", Value::of(int64_t{-7})}, {"b", Value::of_bool(true)}, {"null", Value{}},
      {"list", array},      {"s", Value::of_bytes("\xff")}};
  call.content.headers = headers;
  AbiMessage sent(call);
  ASSERT_EQ(sent.get()->header_count, 7u);
  auto* h = sent.get()->headers;
  EXPECT_NE(h[0].value.data, nullptr);
  EXPECT_EQ(view(h[1].value), "-7");
  EXPECT_EQ(view(h[2].value), "true");
  EXPECT_EQ(h[3].value.data, nullptr);
  EXPECT_EQ(view(h[4].value), R"(["x"])");
  EXPECT_EQ(view(h[5].value), "\xff");
  EXPECT_EQ(view(h[6].name), "mombridge-types");
  EXPECT_EQ(view(h[6].value), "i64:n;bool:b;null:null;[str]:list");
}

// A handler that copies all headers loses no type; one that changes a value, or leaves headers away, does no harm.
TEST(Abi, TypesComeBackWithTheirHeaders) {
  TestCall call;
  std::vector<Header> members{{"deep", Value::of("\xff")}, {"n", Value::of(int64_t{1})}};
  Value table{.kind = Value::Kind::table, .text = {}, .members = members};
  Value decimal{.kind = Value::Kind::decimal, .scale = 2, .integer = 12345, .text = {}, .members = {}};
  std::vector<Header> headers{{"n", Value::of(int64_t{-7})},
                              {"b", Value::of_bool(true)},
                              {"null", Value{}},
                              {"t", table},
                              {"d", decimal},
                              {"s", Value::of("text")},
                              {"broken", Value::of("\xe9")},
                              {"raw", Value::of_bytes("\xe9")},
                              {"bin", Value::of_bytes("b")}};
  call.content.headers = headers;
  AbiMessage sent(call);
  auto back = copy(sent.get());
  ASSERT_TRUE(back);
  auto& m = (*back)->message;
  ASSERT_EQ(m.headers.size(), headers.size());
  for (size_t i = 0; i < headers.size(); ++i) {
    EXPECT_EQ(m.headers[i].name, headers[i].name);
    EXPECT_EQ(m.headers[i].value.kind, headers[i].value.kind) << headers[i].name;
    EXPECT_EQ(m.headers[i].value.integer, headers[i].value.integer) << headers[i].name;
    EXPECT_EQ(m.headers[i].value.text, headers[i].value.text) << headers[i].name;
  }
  auto& deep = m.find("t")->members;
  ASSERT_EQ(deep.size(), 2u);
  EXPECT_EQ(deep[0].value.kind, Value::Kind::string);
  EXPECT_EQ(deep[0].value.text, "\xff");

  std::vector<mombridge_header> changed(sent.get()->headers, sent.get()->headers + sent.get()->header_count);
  changed.erase(changed.begin() + 1);  // b
  changed[0].value = mombridge_text("not a number");
  changed[1].value = mombridge_text("");  // null, in C++
  auto other = *sent.get();
  other.headers = changed.data();
  other.header_count = changed.size();
  auto again = copy(&other);
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->message.find("n")->kind, Value::Kind::string);
  EXPECT_EQ((*again)->message.find("null")->kind, Value::Kind::null);
  EXPECT_EQ((*again)->message.find("d")->kind, Value::Kind::decimal);
}

TEST(Abi, NamesOfBrokersAndBridgesDoNotComeFromAHandler) {
  const char* names[] = {"kafka_replyTopic",
                         "kafka_replyPartition",
                         "kafka_correlationId",
                         "kafka_dlt-original-topic",
                         "mombridge-dead-reason",
                         "mombridge-error",
                         "mombridge-key",
                         "mombridge-timestamp-ms",
                         "mombridge-redelivered",
                         "CC",
                         "x-death",
                         "mombridge-hops"};
  std::vector<mombridge_header> headers{{mombridge_text("mine"), mombridge_text("kept")}};
  for (auto* name : names) headers.push_back({mombridge_text(name), mombridge_text("forged")});
  headers.push_back({mombridge_text("mombridge-hops"), mombridge_text("3")});
  auto m = empty();
  m.headers = headers.data();
  m.header_count = headers.size();
  unsigned dropped = 0;
  auto back = handler::copy(&m, dropped);
  ASSERT_TRUE(back);
  EXPECT_EQ(dropped, std::size(names));
  ASSERT_EQ((*back)->message.headers.size(), 2u);
  EXPECT_EQ((*back)->message.headers[0].name, "mine");
  EXPECT_EQ((*back)->message.headers[1].name, "mombridge-hops");
  EXPECT_FALSE((*back)->message.reply_to || (*back)->message.key || (*back)->message.correlation_id);
}

// A handler on a dead letter queue can tell why each is there; what it copies of that goes no further.
TEST(Abi, WhatADeadLetterSaysIsSeenAndStays) {
  TestCall call;
  std::vector<Header> local{{"mombridge-dead-reason", Value::of("full")}};
  call.content.local = local;
  AbiMessage sent(call);
  ASSERT_EQ(sent.get()->header_count, 1u);
  EXPECT_EQ(view(sent.get()->headers[0].value), "full");
  unsigned dropped = 0;
  auto back = handler::copy(sent.get(), dropped);
  ASSERT_TRUE(back);
  EXPECT_TRUE((*back)->message.headers.empty());
  EXPECT_EQ(dropped, 1u);
}

TEST(Abi, ATombstoneIsOneOnTheWayBack) {
  TestCall call;
  call.content.tombstone = true;
  AbiMessage sent(call);
  ASSERT_EQ(sent.get()->header_count, 1u);
  EXPECT_EQ(view(sent.get()->headers[0].name), "mombridge-tombstone");
  auto back = copy(sent.get());
  ASSERT_TRUE(back);
  EXPECT_TRUE((*back)->message.tombstone);
  EXPECT_TRUE((*back)->message.headers.empty());

  // A transformer that gives it a body makes it a message.
  auto filled = *sent.get();
  filled.body = mombridge_text("x");
  EXPECT_FALSE((*copy(&filled))->message.tombstone);
}

TEST(Abi, ADeadlineIsAnExpirationOnTheWayBack) {
  TestCall call;
  call.content.expiration = "60000";
  AbiMessage sent(call);
  EXPECT_NEAR(static_cast<double>(sent.get()->deadline_ms), static_cast<double>(unix_ms() + 60000), 30000);
  auto back = copy(sent.get());
  ASSERT_TRUE(back);
  ASSERT_TRUE((*back)->message.expiration);
  EXPECT_NEAR(std::stod(std::string(*(*back)->message.expiration)), 60000, 30000);
  auto past = empty();
  past.deadline_ms = 1;
  EXPECT_EQ((*copy(&past))->message.expiration, "1");
}

TEST(Abi, WhatBreaksTheContractIsNotCopied) {
  EXPECT_EQ(copy(nullptr).error().text, "the message is null");
  auto small = empty();
  small.struct_size = 8;
  EXPECT_EQ(copy(&small).error().text, "the message's struct_size is too small");
  auto headers = empty();
  headers.header_count = 1;
  EXPECT_EQ(copy(&headers).error().text, "the message announces headers and has none");
  auto nothing = empty();
  nothing.body = {nullptr, 10};
  EXPECT_EQ(copy(&nothing).error().text, "a field of the message has a size and no data");
  auto huge = empty();
  huge.body = {"x", SIZE_MAX / 2};
  EXPECT_THAT(copy(&huge).error().text, HasSubstr("no memory for a message of that size"));
}

}  // namespace
}  // namespace mombridge::handler::test
