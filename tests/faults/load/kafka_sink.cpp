#include <chrono>
#include <map>
#include <memory>
#include <thread>

#include <librdkafka/rdkafka.h>

#include "body.hpp"
#include "clients.hpp"
#include "kafka_conf.hpp"

namespace faults {

namespace {

constexpr int kAtOnce = 1000;  ///< messages between two flushes of the journal

/// Reads every partition from its beginning, without a group, and looks for new partitions once a second. It looks on a
/// thread of its own, because a node that stands still leaves the question without an answer while the others go on.
class Sink {
 public:
  Sink(rd_kafka_t* consumer, const std::vector<std::string>& topics, Journal& journal)
      : consumer_(consumer), queue_(rd_kafka_queue_new(consumer)), journal_(journal) {
    for (auto& name : topics) topics_[name] = {rd_kafka_topic_new(consumer_, name.c_str(), nullptr), 0};
  }
  ~Sink() {
    for (auto& [name, topic] : topics_) {
      for (int p = 0; p < topic.partitions; ++p) rd_kafka_consume_stop(topic.handle, p);
      rd_kafka_topic_destroy(topic.handle);
    }
    rd_kafka_queue_destroy(queue_);
  }

  void run() {
    std::jthread looking([this] {
      for (uint64_t next_look = 0; !stopping; std::this_thread::sleep_for(std::chrono::milliseconds(50))) {
        if (now_ms() < next_look) continue;
        look_for_partitions();
        next_look = now_ms() + 1000;
      }
    });
    while (!stopping) {
      int taken = 0;
      for (int wait = 50; auto* message = taken < kAtOnce ? rd_kafka_consume_queue(queue_, wait) : nullptr; wait = 0) {
        take(*message);
        rd_kafka_message_destroy(message);
        ++taken;
      }
      rd_kafka_poll(consumer_, 0);
      journal_.flush();
    }
  }

 private:
  struct Topic {
    rd_kafka_topic_t* handle;
    int partitions;
  };

  void look_for_partitions() {
    for (auto& [name, topic] : topics_) {
      if (stopping) return;
      const rd_kafka_metadata_t* metadata = nullptr;
      if (rd_kafka_metadata(consumer_, 0, topic.handle, &metadata, 2000)) continue;
      for (; topic.partitions < metadata->topics[0].partition_cnt; ++topic.partitions)
        rd_kafka_consume_start_queue(topic.handle, topic.partitions, RD_KAFKA_OFFSET_BEGINNING, queue_);
      rd_kafka_metadata_destroy(metadata);
    }
  }

  void take(const rd_kafka_message_t& message) {
    if (message.err) return;
    Id id{"?", 0};
    if (!read_body({static_cast<const char*>(message.payload), message.len}, id)) id = {"?", 0};
    std::string correlation = "-";
    rd_kafka_headers_t* headers = nullptr;
    const void* value = nullptr;
    size_t size = 0;
    if (!rd_kafka_message_headers(&message, &headers) &&
        !rd_kafka_header_get_last(headers, "kafka_correlationId", &value, &size))
      correlation.assign(static_cast<const char*>(value), size);
    if (correlation.empty() || correlation.find_first_of(" \n") != std::string::npos) correlation = "?";
    journal_.line("%s %llu %s %llu %d/%lld 0 %s", rd_kafka_topic_name(message.rkt),
                  static_cast<unsigned long long>(now_ms()), id.flow.c_str(), static_cast<unsigned long long>(id.seq),
                  message.partition, static_cast<long long>(message.offset), correlation.c_str());
  }

  rd_kafka_t* consumer_;
  rd_kafka_queue_t* queue_;
  Journal& journal_;
  std::map<std::string, Topic> topics_;
};

}  // namespace

int kafka_sink(const std::string& servers, const std::vector<std::string>& topics, Journal& journal) {
  auto* conf = kafka_conf({{"bootstrap.servers", servers},
                           {"group.id", "fault-load"},
                           {"enable.auto.commit", "false"},
                           {"auto.offset.reset", "earliest"},
                           {"fetch.wait.max.ms", "100"}});
  char error[256];
  std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)> consumer(
      rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error), rd_kafka_destroy);
  if (!consumer) return std::fprintf(stderr, "kafka-sink: %s\n", error), 1;
  Sink(consumer.get(), topics, journal).run();
  return 0;
}

}  // namespace faults
