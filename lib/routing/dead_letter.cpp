#include "routing/dead_letter.hpp"

#include "base/clock.hpp"
#include "base/text.hpp"

namespace mombridge::routing {

namespace {

constexpr size_t kLongestReason = 1024;

template <size_t N>
std::string_view big_endian(std::array<char, N>& storage, int64_t value) {
  for (size_t i = 0; i < N; ++i) storage[N - 1 - i] = static_cast<char>(value >> (8 * i));
  return {storage.data(), N};
}

void add_spring_headers(std::vector<Header>& headers, DeadLetter& storage, const Delivery& delivery) {
  auto text = [&](std::string_view name, std::string_view value) { headers.push_back({name, Value::of(value)}); };
  auto raw = [&](std::string_view name, std::string_view value) { headers.push_back({name, Value::of_bytes(value)}); };
  text("kafka_dlt-original-topic", delivery.message.target);
  if (delivery.partition >= 0) {
    raw("kafka_dlt-original-partition", big_endian(storage.kafka_partition, delivery.partition));
    raw("kafka_dlt-original-offset", big_endian(storage.kafka_offset, delivery.offset));
  }
  if (delivery.message.timestamp_ms) {
    raw("kafka_dlt-original-timestamp", big_endian(storage.kafka_timestamp, *delivery.message.timestamp_ms));
    text("kafka_dlt-original-timestamp-type", "CreateTime");
  }
  text("kafka_dlt-exception-fqcn", "mombridge");
  text("kafka_dlt-exception-message", storage.reason);
}

}  // namespace

void add_dead_letter_headers(Publication& publication, Rendered& rendered, DeadLetter& storage,
                             const Delivery& delivery, const DeadLetterOrigin& origin, bool to_kafka,
                             const std::string& reason, unsigned attempts, bool bare) {
  storage.reason = printable(reason, kLongestReason);
  storage.attempts = std::to_string(attempts);
  storage.failed_at_ms = std::to_string(unix_ms());
  auto& headers = rendered.headers;
  auto text = [&](std::string_view name, std::string_view value) { headers.push_back({name, Value::of(value)}); };
  text("mombridge-dead-broker", origin.broker);
  text("mombridge-dead-source", origin.source);
  text("mombridge-dead-target", delivery.message.target);
  if (!origin.route.empty()) text("mombridge-dead-route", origin.route);
  text("mombridge-dead-reason", storage.reason);
  text("mombridge-dead-attempts", storage.attempts);
  text("mombridge-dead-at-ms", storage.failed_at_ms);
  if (delivery.message.expiration) text("mombridge-dead-expiration", *delivery.message.expiration);
  if (delivery.partition >= 0) {
    text("mombridge-dead-partition", storage.partition = std::to_string(delivery.partition));
    text("mombridge-dead-offset", storage.offset = std::to_string(delivery.offset));
  }
  if (bare) text("mombridge-dead-headers-left-out", storage.left_out = std::to_string(delivery.message.headers.size()));
  if (to_kafka) add_spring_headers(headers, storage, delivery);
  publication.headers = headers;
}

}  // namespace mombridge::routing
