#include "broker/kafka/producer_limits.hpp"

#include <charconv>

namespace mombridge::kafka {

ProducerLimits limits_of(rd_kafka_t* client) {
  ProducerLimits limits{.message_max_bytes = property_of(client, "message.max.bytes"),
                        .compression = property_of(client, "compression.codec")};
  auto size = property_of(client, "batch.size");
  std::from_chars(size.data(), size.data() + size.size(), limits.batch_size);
  return limits;
}

}  // namespace mombridge::kafka
