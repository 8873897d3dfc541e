#pragma once
// A message as the bridge sees it: body and headers as views over bytes that somebody owns (the Delivery it came in).
// Both worlds map onto it: AMQP in broker/amqp/properties, Kafka in broker/kafka/record.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "message/value.hpp"

namespace mombridge {

struct Message {
  using Text = std::optional<std::string_view>;

  std::string_view target;  ///< AMQP routing key, Kafka topic, or what `target_from` took from a header
  std::string_view body;
  bool tombstone = false;  ///< Kafka's null value; the body is empty then
  Text key;                ///< Kafka's record key (AMQP: header mombridge-key)

  Text content_type, content_encoding;
  Text correlation_id;                     ///< any bytes
  bool encoded_id = false;                 ///< AMQP: the id, not UTF-8, stood there as marked base64url, and is decoded
  Text reply_to;                           ///< AMQP queue (default exchange) or Kafka topic
  std::optional<int32_t> reply_partition;  ///< with a Kafka reply_to
  Text message_id, type, app_id;
  Text expiration;  ///< milliseconds, digits only: decoders drop anything else
  std::optional<uint8_t> priority, delivery_mode;
  std::optional<int64_t> timestamp_ms;  ///< since the Unix epoch; AMQP carries seconds
  bool redelivered = false;             ///< AMQP: the broker delivered it before

  /// In the order of arrival; a name may stand more than once (Kafka allows it). Broker-owned ones are not in it.
  std::span<const Header> headers;

  /// The last header of that name, as Kafka's own lastHeader; nullptr where there is none.
  [[nodiscard]] const Value* find(std::string_view name) const {
    for (size_t i = headers.size(); i-- > 0;)
      if (headers[i].name == name) return &headers[i].value;
    return nullptr;
  }
};

/// Names of headers that the bridge itself writes and reads; the contract's table is their source.
namespace header {
inline constexpr std::string_view kHops = "mombridge-hops";
inline constexpr std::string_view kKey = "mombridge-key";
inline constexpr std::string_view kTypes = "mombridge-types";
inline constexpr std::string_view kTombstone = "mombridge-tombstone";
inline constexpr std::string_view kTimestampMs = "mombridge-timestamp-ms";
inline constexpr std::string_view kDeadline = "mombridge-deadline";
inline constexpr std::string_view kRedelivered = "mombridge-redelivered";
inline constexpr std::string_view kCorrelationIdEncoding = "mombridge-correlation-id-encoding";
inline constexpr std::string_view kKafkaCorrelationId = "kafka_correlationId";
inline constexpr std::string_view kKafkaReplyTopic = "kafka_replyTopic";
inline constexpr std::string_view kKafkaReplyPartition = "kafka_replyPartition";
}  // namespace header

}  // namespace mombridge
