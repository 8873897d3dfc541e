#pragma once
// The headers that a dead letter carries: where it came from, why it is here, how often it was tried.

#include <array>
#include <string>
#include <vector>

#include "message/delivery.hpp"
#include "message/publication.hpp"
#include "routing/publish.hpp"

namespace mombridge::routing {

/// What one dead letter views; lives as long as its publication.
struct DeadLetter {
  Message message;
  std::string reason, attempts, failed_at_ms, partition, offset, left_out;
  std::array<char, 4> kafka_partition;
  std::array<char, 8> kafka_offset, kafka_timestamp;
};

struct DeadLetterOrigin {
  std::string_view broker, source, route;  ///< `route` is empty where none took it
};

/// Adds the bridge's own `mombridge-dead-*` headers and, on the way to Kafka, Spring's `kafka_dlt-*` set to what
/// `publication` carries already. Source of the latter: spring-kafka, KafkaHeaders (partition 4, offset and timestamp 8
/// bytes, big-endian). The message's expiration is noted as a header: a dead letter itself does not expire. `bare`: the
/// message's own headers were left out, and how many there were is said.
void add_dead_letter_headers(Publication& publication, Rendered& rendered, DeadLetter& storage,
                             const Delivery& delivery, const DeadLetterOrigin& origin, bool to_kafka,
                             const std::string& reason, unsigned attempts, bool bare);

}  // namespace mombridge::routing
