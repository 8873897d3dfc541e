#include "broker/kafka/producer_properties.hpp"

#include <charconv>

namespace mombridge::kafka {

const std::vector<Property>& producer_defaults() {
  static const std::vector<Property> kDefaults{
      // As Java's client, not librdkafka's 5: a request would wait for it on each of its Kafka legs. Under load a batch
      // gathers behind those on their way all the same.
      {"linger.ms", "0"},
      {"partitioner", "murmur2_random"},  // as Java's: a key is in the same partition, whoever produced it
      // Whether a record is too large is the topic's to say: the client compares it uncompressed, and knows no topic's
      // limit. But to a request over its socket.request.max.bytes, 100 MiB by default, the broker says nothing: it
      // closes the connection, and the client would send it again for ever. And librdkafka's consumers fetch no more
      // than 100 MB at once (receive.message.max.bytes). Batches end at batch.size.
      {"message.max.bytes", "99000000"},
      {"queue.buffering.max.messages", "200000"},
      {"queue.buffering.max.kbytes", "262144"},
      // How long an unknown topic may take to appear before its messages come back; then it is asked for.
      {"topic.metadata.propagation.max.ms", "1000"},
  };
  return kDefaults;
}

const std::vector<Property>& producer_fixed() {
  static const std::vector<Property> kFixed{
      {"enable.idempotence", "true"},
      {"acks", "all"},
      {"message.timeout.ms", "0"},  // being away is a wait
      {"delivery.report.only.error", "false"},
  };
  return kFixed;
}

ProducerLimits limits_of(rd_kafka_t* client) {
  ProducerLimits limits{.message_max_bytes = property_of(client, "message.max.bytes"),
                        .compression = property_of(client, "compression.codec")};
  auto size = property_of(client, "batch.size");
  std::from_chars(size.data(), size.data() + size.size(), limits.batch_size);
  return limits;
}

}  // namespace mombridge::kafka
