#pragma once
// A message as the bridge sees it: body and headers as views over bytes that somebody owns (the Delivery it came in).
// Both worlds map onto it: AMQP in broker/amqp/properties, Kafka in broker/kafka/record.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "message/value.hpp"

namespace mombridge {

/// What is known of the form in which a correlation id stands, or shall stand, in an AMQP message. It matters for ids
/// that are not UTF-8: as most clients take an id for text, such an id is written as base64url and marked so.
enum class IdForm : uint8_t {
  any,      ///< written as base64url where it is not UTF-8
  encoded,  ///< as `any`; it was marked as base64url where it was read, so that its sender knows it in that form
  literal,  ///< written as it is: the reader of the message wrote the id in these bytes
};

/// The form of an id that goes back to the one who wrote it.
inline IdForm returned_form(IdForm form) { return form == IdForm::encoded ? IdForm::encoded : IdForm::literal; }

struct Message {
  using Text = std::optional<std::string_view>;

  std::string_view target;  ///< AMQP routing key, Kafka topic, or what `target_from` took from a header
  std::string_view body;
  bool tombstone = false;  ///< Kafka's null value; the body is empty then
  Text key;                ///< Kafka's record key (AMQP: header mombridge-key)

  Text content_type, content_encoding;
  Text correlation_id;                     ///< any bytes
  IdForm id_form = IdForm::any;            ///< of the correlation id
  Text reply_to;                           ///< AMQP queue (default exchange) or Kafka topic
  std::optional<int32_t> reply_partition;  ///< with a Kafka reply_to
  Text message_id, type, app_id;
  bool made_id = false;  ///< the bridge made the message_id, because the record came without one
  Text expiration;       ///< milliseconds, digits only: decoders drop anything else
  std::optional<uint8_t> priority, delivery_mode;
  /// AMQP's property, Kafka's header `timestamp`: when its sender says that it was made, in seconds since the Unix
  /// epoch by AMQP's definition. Some senders write milliseconds, so it crosses as it is.
  std::optional<uint64_t> timestamp;
  /// A Kafka record's own time, in milliseconds since the Unix epoch (AMQP: header mombridge-timestamp-ms).
  std::optional<int64_t> record_time_ms;
  bool redelivered = false;  ///< AMQP: the broker delivered it before

  /// In the order of arrival; a name may stand more than once (Kafka allows it). Broker-owned ones are not in it.
  std::span<const Header> headers;
  /// What bridges wrote for those who read dead letters. It can be asked for here, and no destination writes it,
  /// because anybody can have written it.
  std::span<const Header> local;

  /// When it was sent, in milliseconds since the Unix epoch, as far as it says so: its sender's word before its
  /// record's.
  [[nodiscard]] std::optional<int64_t> time_ms() const {
    constexpr uint64_t kLatest = INT64_MAX / 1000;
    if (timestamp && *timestamp <= kLatest) return static_cast<int64_t>(*timestamp * 1000);
    return record_time_ms;
  }

  /// The record's time in whole seconds, as AMQP's property has it; AMQP has none before 1970.
  [[nodiscard]] std::optional<uint64_t> record_seconds() const {
    if (!record_time_ms || *record_time_ms < 0) return std::nullopt;
    return static_cast<uint64_t>(*record_time_ms / 1000);
  }

  /// The last header of that name, as Kafka's own lastHeader; nullptr where there is none.
  [[nodiscard]] const Value* find(std::string_view name) const {
    for (auto& list : {headers, local})
      for (size_t i = list.size(); i-- > 0;)
        if (list[i].name == name) return &list[i].value;
    return nullptr;
  }
};

/// Names of headers that bridges write and read; the contract's table is their source. Anybody can write them too, so
/// each says what it may do when it was forged. A value that does not fit is dropped and counted
/// (message/bridge_owned.hpp).
namespace header {
// Go on as headers, where they are numbers. A forged one harms nobody but its sender: the message is refused as a loop,
// or its request ends early; a far deadline is still bounded by what the subscription may have in flight.
inline constexpr std::string_view kHops = "mombridge-hops";
inline constexpr std::string_view kDeadline = "mombridge-deadline";
// Goes on in what answers a request of the bridge's. Elsewhere it would pass for an error of the bridge.
inline constexpr std::string_view kError = "mombridge-error";
// Become fields of the message, and are written again from them. A forged one says that a message may be a duplicate,
// or makes other bytes of its sender's own correlation id.
inline constexpr std::string_view kRedelivered = "mombridge-redelivered";
inline constexpr std::string_view kCorrelationIdEncoding = "mombridge-correlation-id-encoding";
// What AMQP has no place for: the record's key, its null value, the milliseconds of its time, the partition of a reply
// topic, a correlation id over 255 bytes. They become fields of the message where a subscription's `restore` says so: a
// forged one chooses what a Kafka publisher chooses, and no more. Numbers out of range, keys that are no text and
// tombstones with a body are dropped.
inline constexpr std::string_view kKey = "mombridge-key";
inline constexpr std::string_view kTombstone = "mombridge-tombstone";
inline constexpr std::string_view kTimestampMs = "mombridge-timestamp-ms";
/// The timestamp property is the message's own, though it equals the record's time in seconds.
inline constexpr std::string_view kOwnTimestamp = "mombridge-own-timestamp";
inline constexpr std::string_view kReplyPartition = "mombridge-reply-partition";
inline constexpr std::string_view kCorrelationId = "mombridge-correlation-id";
// The same for the types of values on Kafka, and on AMQP for the names that stood several times. Entries are bounded by
// the number of headers, nesting by kMaxNesting.
inline constexpr std::string_view kTypes = "mombridge-types";
// How often the bridge has put a message back into its own queue, and the target that it had. Believed only of what our
// own user has published, which the broker checks; else dropped (broker/amqp/delivery_limit.hpp).
inline constexpr std::string_view kPutBacks = "mombridge-put-back";
inline constexpr std::string_view kPutBackTarget = "mombridge-put-back-target";
/// All of the above.
inline constexpr std::string_view kBridge[] = {
    kHops,         kDeadline,      kError,    kRedelivered,           kKey,
    kTombstone,    kTimestampMs,   kTypes,    kCorrelationIdEncoding, kReplyPartition,
    kOwnTimestamp, kCorrelationId, kPutBacks, kPutBackTarget};

// The beginnings of the names that a dead letter bears; the second is Spring's.
inline constexpr std::string_view kDeadLetter = "mombridge-dead-";
inline constexpr std::string_view kKafkaDeadLetter = "kafka_dlt-";

// Properties, as Spring calls them on Kafka.
inline constexpr std::string_view kKafkaCorrelationId = "kafka_correlationId";
inline constexpr std::string_view kKafkaReplyTopic = "kafka_replyTopic";
inline constexpr std::string_view kKafkaReplyPartition = "kafka_replyPartition";
}  // namespace header

}  // namespace mombridge
