// What crosses the ABI, in both directions.

#include "handler/abi.hpp"

#include "running.hpp"

namespace mombridge::handler::test {
namespace {

using testing::HasSubstr;

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
  m.timestamp_ms = 123;
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
  EXPECT_EQ(b.timestamp_ms, 123);
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
  EXPECT_EQ((*back)->message.timestamp_ms, std::nullopt);
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
  ASSERT_EQ(sent.get()->header_count, 6u);
  auto* h = sent.get()->headers;
  EXPECT_NE(h[0].value.data, nullptr);
  EXPECT_EQ(view(h[1].value), "-7");
  EXPECT_EQ(view(h[2].value), "true");
  EXPECT_EQ(h[3].value.data, nullptr);
  EXPECT_EQ(h[4].value.data, nullptr);
  EXPECT_EQ(view(h[5].value), "\xff");
  auto back = copy(sent.get());
  ASSERT_TRUE(back);
  EXPECT_EQ((*back)->message.headers[3].value.kind, Value::Kind::null);
  EXPECT_EQ((*back)->message.headers[1].value.text, "-7");
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
  auto huge = empty();
  huge.body = {"x", SIZE_MAX / 2};
  EXPECT_THAT(copy(&huge).error().text, HasSubstr("no memory for a message of that size"));
}

}  // namespace
}  // namespace mombridge::handler::test
