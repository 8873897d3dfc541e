// Bytes in flight, and messages that want to do harm.

#include "base/counters.hpp"
#include "live.hpp"
#include "properties_support.hpp"

namespace mombridge::amqp {
namespace {

using namespace std::string_literals;
using test::kNoProperties;
using test::table_of;
using test::with_headers;
using State = LinkStatus::State;

class PressureTest : public test::LiveTest {
 protected:
  void subscribe_one() {
    name = queue();
    subscribe({.queue = name, .declare = QueueDeclaration{}});
    start();
    ASSERT_TRUE(await_state(1, State::up)) << link(1).detail;
  }
  std::string name;
};

// 48 MB wait at the broker; 1 MB may be in flight. Above it, only what the socket's buffers had taken already arrives.
TEST_F(PressureTest, BytesInFlightAreBoundedForAsLongAsItTakes) {
  settings->prefetch_size = 1 << 20;
  settings->heartbeat = 1s;
  subscribe_one();
  constexpr size_t kCount = 192, kSize = 256 << 10;
  for (size_t i = 0; i < kCount; ++i) raw->publish("", name, kNoProperties, std::string(kSize, 'x'));
  ASSERT_TRUE(await([&] { return held() >= 4; }));
  // Five heartbeats: a broker that heard nothing from us would have closed the connection, and given everything back.
  std::this_thread::sleep_for(5s);
  EXPECT_LT(held(), 10u) << "of " << kCount;
  size_t seen = 0;
  while (seen < kCount) {
    auto held = await_held(1);
    ASSERT_FALSE(held.empty()) << "stuck after " << seen;
    for (auto& d : held) {
      ++seen;
      EXPECT_FALSE(d->message.redelivered) << "the connection was lost";
      settle(std::move(d), Settlement::accept);
    }
  }
  EXPECT_EQ(arrived, kCount);
  EXPECT_TRUE(await([&] { return raw->messages(name) == 0; }));
}

// Stopping while reading is paused must not wait for its patience, and the acks must arrive.
TEST_F(PressureTest, AStopWhileReadingIsPaused) {
  settings->prefetch_size = 1;
  subscribe_one();
  for (int i = 0; i < 3; ++i) raw->publish("", name, kNoProperties, "x");
  auto held = await_held(1);
  ASSERT_GE(held.size(), 1u);
  settle(std::move(held[0]), Settlement::accept);
  auto before = Clock::now();
  broker->stop(test::kPatience);
  EXPECT_LT(Clock::now() - before, test::kPatience / 2);
  EXPECT_EQ(raw->messages(name), 2u);
}

std::string nested(size_t depth, char type) {
  std::string value = "V";
  for (size_t i = 0; i < depth; ++i) {
    Buffer outer({&type, 1});
    Writer(outer).long_string(type == 'F' ? "\1k" + value : value);
    value = outer.str();
  }
  return value;
}

std::string poison(const std::string& value) {
  Buffer table;
  Writer w(table);
  w.short_string("poison");
  w.raw(value);
  w.short_string("after");
  encode_value(w, Value::of("kept"));
  return with_headers(table);
}

TEST_F(PressureTest, HostileHeadersAreDroppedAndCountedAndTheMessageArrives) {
  subscribe_one();
  auto before = counter("headers_dropped").value();
  for (auto& value : {nested(26'000, 'A'), nested(18'000, 'F')}) {
    raw->publish("", name, poison(value), "body");
    auto held = await_held(1);
    ASSERT_EQ(held.size(), 1u);
    EXPECT_EQ(held[0]->message.body, "body");
    ASSERT_TRUE(held[0]->message.find("after"));
    EXPECT_EQ(held[0]->message.find("after")->text, "kept");
    auto now = counter("headers_dropped").value();
    EXPECT_GT(now, before);
    before = now;
    settle(std::move(held[0]), Settlement::accept);
  }
}

TEST_F(PressureTest, LargeAndOddOnesArriveAsTheyAre) {
  subscribe_one();
  std::string large(131'000, 'v');
  std::vector<Header> headers{{"large", Value::of_bytes(large)}};
  raw->publish("", name, with_headers(table_of(headers)), "");
  // Not UTF-8 where text is expected: header name, header text and every property that there is.
  Buffer odd, table;
  Writer t(table), w(odd);
  t.short_string("n\xff");
  t.raw("S\0\0\0\2\xfe\xff"s);
  w.number(static_cast<uint16_t>(kContentType | kHeaders | kCorrelationId | kMessageId));
  w.short_string("\xff");
  w.long_string(table);
  w.short_string("\xc3");
  w.short_string("\x80");
  raw->publish("", name, odd, "\xff\0"s);
  auto held = await_held(2);
  ASSERT_EQ(held.size(), 2u);
  EXPECT_EQ(held[0]->message.body, "");
  EXPECT_EQ(held[0]->message.find("large")->text, large);
  auto& m = held[1]->message;
  EXPECT_EQ(m.body, "\xff\0"s);
  EXPECT_EQ(m.content_type, "\xff");
  EXPECT_EQ(m.message_id, "\x80");
  EXPECT_EQ(m.find("n\xff")->text, "\xfe\xff");
  // And on to the broker again.
  auto& probe = publish(name, "next");
  probe.own.headers = {};
  EXPECT_EQ(probe.outcome(), "delivered");
}

// Dead-lettering writes x-death into a header that just fitted its frame: what comes is larger than any frame that was
// agreed on, once through one queue and again through the next.
TEST_F(PressureTest, HeadersThatTheBrokerHasMadeLargerThanAFrameArrive) {
  subscribe_one();
  auto expires_into = [&](const std::string& next) {
    auto first = queue();
    Buffer table;
    Writer w(table);
    w.text_entry("x-dead-letter-exchange", "");
    w.text_entry("x-dead-letter-routing-key", next);
    w.short_string("x-message-ttl");
    encode_value(w, Value::of(int64_t{1}));
    raw->declare_queue(first, true, table);
    return first;
  };
  auto source = expires_into(expires_into(name));
  // Frame, class, weight, size, flags, table, its entry's name and kind: 131,072 bytes in all.
  std::string large(131'072 - 8 - 14 - 4 - 2 - 5, 'v');
  std::vector<Header> headers{{"h", Value::of_bytes(large)}};
  raw->publish("", source, with_headers(table_of(headers)), "body");
  auto held = await_held(1);
  ASSERT_EQ(held.size(), 1u) << link(1).detail;
  EXPECT_EQ(held[0]->message.body, "body");
  ASSERT_TRUE(held[0]->message.find("h"));
  EXPECT_EQ(held[0]->message.find("h")->text, large);
  EXPECT_FALSE(held[0]->message.redelivered) << "at the first attempt";
  settle(std::move(held[0]), Settlement::accept);
  // What fills a frame to the last byte goes out, too; one byte more is refused in words.
  test::Probe full(name, "full"), over(name, "over");
  auto fitting = large.substr(1);  // the bridge adds a delivery mode
  std::vector<Header> full_headers{{"h", Value::of_bytes(fitting)}}, over_headers{{"h", Value::of_bytes(large)}};
  full.own.headers = full_headers;
  over.own.headers = over_headers;
  for (auto* probe : {&full, &over}) broker->publish(*probe);
  EXPECT_EQ(full.outcome(), "delivered");
  EXPECT_THAT(over.outcome(), testing::HasSubstr("do not fit a frame"));
  held = await_held(1);
  ASSERT_EQ(held.size(), 1u);
  EXPECT_EQ(held[0]->message.body, "full");
}

TEST_F(PressureTest, NamesOf255BytesCrossBothWays) {
  auto key = std::string(255, 'k'), text = std::string(255, 't'), header = std::string(255, 'n');
  subscribe({.queue = "", .bindings = {{"amq.topic", {key}}}});
  start();
  ASSERT_TRUE(await_state(1, State::up)) << link(1).detail;
  test::Probe probe(key, "body", "amq.topic");
  auto& m = probe.own;
  m.content_type = m.content_encoding = m.correlation_id = m.reply_to = m.message_id = m.type = m.app_id = text;
  std::vector<Header> headers{{header, Value::of(text)}};
  m.headers = headers;
  broker->publish(probe);
  EXPECT_EQ(probe.outcome(), "delivered");
  auto held = await_held(1);
  ASSERT_EQ(held.size(), 1u);
  auto& got = held[0]->message;
  EXPECT_EQ(got.target, key);
  for (auto* property : {&got.content_type, &got.content_encoding, &got.correlation_id, &got.reply_to, &got.message_id,
                         &got.type, &got.app_id})
    EXPECT_EQ(*property, text);
  ASSERT_TRUE(got.find(header));
  EXPECT_EQ(got.find(header)->text, text);
}

// 40,000 headers decoded are megabytes each: they count against prefetch_size, too.
TEST_F(PressureTest, DecodedHeadersCountAsBytesInFlight) {
  settings->prefetch_size = 8 << 20;
  subscribe_one();
  Buffer table;
  Writer w(table);
  while (table.size() < 130'000) w.short_string("n"), w.octet('V');
  constexpr size_t kCount = 24;  // 3 MB on the wire, 100 MB decoded
  for (size_t i = 0; i < kCount; ++i) raw->publish("", name, with_headers(table), "");
  ASSERT_TRUE(await([&] { return held() >= 2; }));
  std::this_thread::sleep_for(500ms);
  EXPECT_LT(held(), 15u);
  for (size_t seen = 0; seen < kCount;) {
    auto held = await_held(1);
    ASSERT_FALSE(held.empty()) << "stuck after " << seen;
    for (auto& d : held) ++seen, settle(std::move(d), Settlement::accept);
  }
}

}  // namespace
}  // namespace mombridge::amqp
