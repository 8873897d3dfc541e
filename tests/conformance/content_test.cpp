// Bodies and properties come out as they went in.

#include "harness.hpp"

namespace mombridge::conformance {
namespace {

class Content : public Conformance {
 protected:
  // Sends one message through a fresh target and compares.
  void round_trip(const OwnMessage& message) {
    auto target = adapter->new_target();
    Node node(*adapter, {.target = target});
    ASSERT_UP(node);
    outbox.publish(*node.broker, target, message);
    expect(node, target, message);
  }
  void expect(Node& node, const std::string& target, const OwnMessage& message) {
    auto held = node.recorder.await_held(1);
    ASSERT_EQ(held.size(), 1u) << outbox.complaint();
    auto arrival = node.recorder.arrivals().back();
    EXPECT_EQ(arrival.target, target);
    EXPECT_EQ(arrival.message, adapter->as_received(message, arrival.message));
    settle(std::move(held.front()), Settlement::accept);
    ASSERT_ALL_DELIVERED(outbox);
  }
};
MOMBRIDGE_EVERY_KIND(Content);

// Every byte value, in an order that a shifted or repeated block would break.
std::string body_of(size_t size) {
  std::string body(size, '\0');
  uint32_t x = 12345;
  for (auto& c : body) c = static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
  return body;
}

// 4096 is a page and rabbitmq-c's smallest frame, 131072 RabbitMQ's frame_max, each with 8 bytes around a frame's body.
TEST_P(Content, BodiesOfEverySizeThatBeginsANewFrame) {
  auto target = adapter->new_target();
  Node node(*adapter, {.target = target});
  ASSERT_UP(node);
  for (size_t size : {0, 1, 4087, 4088, 4089, 4096, 131063, 131064, 131065, 1 << 20}) {
    SCOPED_TRACE(size);
    OwnMessage message{.body = body_of(size)};
    outbox.publish(*node.broker, target, message);
    expect(node, target, message);
  }
}

TEST_P(Content, EveryProperty) {
  round_trip({.body = "body",
              .key = "key 1",
              .content_type = "application/json; charset=utf-8",
              .content_encoding = "gzip",
              .correlation_id = "correlation-1",
              .reply_to = "replies.here",
              .message_id = "id-1",
              .type = "order.created",
              .app_id = "shop",
              .expiration = "3600000",
              .priority = 7,
              .delivery_mode = 2,
              .timestamp = 1'577'836'800,
              .record_time_ms = unix_ms() / 1000 * 1000 + 123});
}

// Seconds, what some senders write in their place, and what is no time at all: not the destination's to judge.
TEST_P(Content, ATimestampOfAnyValue) {
  auto target = adapter->new_target();
  Node node(*adapter, {.target = target});
  ASSERT_UP(node);
  for (uint64_t timestamp : {UINT64_C(0), UINT64_C(1'577'836'800), UINT64_C(1'732'700'000'000), ~UINT64_C(0)}) {
    SCOPED_TRACE(timestamp);
    OwnMessage message{.body = "t", .timestamp = timestamp};
    outbox.publish(*node.broker, target, message);
    expect(node, target, message);
  }
}

TEST_P(Content, ARecordsTimeInWholeSeconds) {
  round_trip({.body = "record", .record_time_ms = unix_ms() / 1000 * 1000});
}

// A name that applications use for themselves, beside the property and without it.
TEST_P(Content, HeadersThatAreCalledTimestamp) {
  auto target = adapter->new_target();
  Node node(*adapter, {.target = target});
  ASSERT_UP(node);
  for (auto& value : {OwnValue::string("1577836800"), OwnValue::string("yesterday"), OwnValue::string("007"),
                      OwnValue::number(Value::Kind::i64, 1'577'836'800'000)})
    for (std::optional<uint64_t> property : {std::optional<uint64_t>(), std::optional<uint64_t>(1'577'836'800)}) {
      OwnMessage message{.body = "t", .timestamp = property, .headers = {{"timestamp", value}}};
      outbox.publish(*node.broker, target, message);
      expect(node, target, message);
    }
}

TEST_P(Content, NoPropertyAtAll) { round_trip({.body = "bare"}); }

TEST_P(Content, EmptyIsNotAbsent) {
  round_trip({.body = "", .key = "", .content_type = "", .correlation_id = "", .message_id = "", .type = ""});
}

TEST_P(Content, PrioritiesAtTheirBounds) {
  auto target = adapter->new_target();
  Node node(*adapter, {.target = target});
  ASSERT_UP(node);
  for (uint8_t priority : {0, 9, 255}) {
    OwnMessage message{.body = "p", .priority = priority};
    outbox.publish(*node.broker, target, message);
    expect(node, target, message);
  }
}

TEST_P(Content, ACorrelationIdOfAnyBytes) {
  round_trip({.body = "request", .correlation_id = std::string("\0\xff\xfe id", 6)});
}

TEST_P(Content, AReplyToPartition) { round_trip({.body = "request", .reply_to = "replies", .reply_partition = 3}); }

TEST_P(Content, AKeyOfAnyBytes) { round_trip({.body = "keyed", .key = std::string("\0\xff\x80 key", 7)}); }

TEST_P(Content, ATombstone) { round_trip({.body = "", .tombstone = true, .key = "gone"}); }

// The fields of the publication stand for the message's own.
TEST_P(Content, ThePublicationsKeyReplacesTheMessages) {
  auto target = adapter->new_target();
  Node node(*adapter, {.target = target});
  ASSERT_UP(node);
  for (std::optional<std::string> key : {std::optional<std::string>("new"), std::optional<std::string>()}) {
    OwnMessage message{.body = "b", .key = "old"};
    auto& sent = outbox.add(target, message);
    sent.key = key;
    node.broker->publish(sent);
    message.key = key;
    expect(node, target, message);
  }
}

TEST_P(Content, BytesStayUntilSettled) {
  constexpr int kCount = 300;
  auto target = adapter->new_target();
  Node node(*adapter, {.target = target, .prefetch = kCount});
  ASSERT_UP(node);
  for (int i = 0; i < kCount; ++i) outbox.publish(*node.broker, target, std::to_string(i) + std::string(3000, '.'));
  auto held = node.recorder.await_held(kCount);
  ASSERT_EQ(held.size(), static_cast<size_t>(kCount));
  for (int i = 0; i < kCount; ++i) EXPECT_EQ(held[i]->message.body, std::to_string(i) + std::string(3000, '.'));
  for (auto& d : held) settle(std::move(d), Settlement::accept);
  ASSERT_ALL_DELIVERED(outbox);
}

}  // namespace
}  // namespace mombridge::conformance
