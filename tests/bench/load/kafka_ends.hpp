#pragma once
// librdkafka's two ends with nothing that waits: the least time that a Kafka client can do with.

#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <librdkafka/rdkafka.h>

namespace load {

using KafkaHeaders = std::vector<std::pair<std::string, std::string>>;

class KafkaProducer {
 public:
  /// `linger_ms`: above 0, records are sent many at once.
  explicit KafkaProducer(const std::string& servers, unsigned linger_ms = 0);
  ~KafkaProducer();
  KafkaProducer(const KafkaProducer&) = delete;
  KafkaProducer& operator=(const KafkaProducer&) = delete;
  /// [one thread] Waits only while the queue is full.
  void produce(const std::string& topic, const std::string& value, const KafkaHeaders& headers, int32_t partition = 0);
  [[nodiscard]] int32_t partitions(const std::string& topic) const;
  /// [the same thread] Returns when Kafka has all of them; gives up where it takes one not.
  void finish();

 private:
  rd_kafka_t* client_;
};

/// Reads a topic without a group.
class KafkaConsumer {
 public:
  enum class From { beginning, end };  ///< the end of each partition when this is made
  /// [its own thread] Also called with a null pointer, after 20 ms without a record.
  using Take = std::function<void(const rd_kafka_message_t*)>;
  KafkaConsumer(const std::string& servers, const std::string& topic, Take take, From from = From::end);
  ~KafkaConsumer();
  KafkaConsumer(const KafkaConsumer&) = delete;
  KafkaConsumer& operator=(const KafkaConsumer&) = delete;

 private:
  Take take_;
  rd_kafka_t* client_;
  std::jthread thread_;
};

/// The last header of that name; empty where there is none.
std::string header(const rd_kafka_message_t& record, const char* name);

}  // namespace load
