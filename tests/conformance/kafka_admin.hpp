#pragma once
// What tests ask of a Kafka broker beside what the bridge does.

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <librdkafka/rdkafka.h>

namespace mombridge::conformance {

/// Throws where the broker refuses.
class KafkaAdmin {
 public:
  explicit KafkaAdmin(const std::string& servers, const std::string& group = "admin") {
    char text[256];
    auto* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", servers.c_str(), text, sizeof text);
    rd_kafka_conf_set(conf, "group.id", group.c_str(), text, sizeof text);
    client_.reset(rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text));
    queue_.reset(rd_kafka_queue_new(client_.get()));
  }

  void create_topic(const std::string& name, int partitions, const std::string& max_message_bytes) {
    char text[256];
    std::unique_ptr<rd_kafka_NewTopic_t, decltype(&rd_kafka_NewTopic_destroy)> topic(
        rd_kafka_NewTopic_new(name.c_str(), partitions, 1, text, sizeof text), rd_kafka_NewTopic_destroy);
    rd_kafka_NewTopic_set_config(topic.get(), "max.message.bytes", max_message_bytes.c_str());
    auto* one = topic.get();
    rd_kafka_CreateTopics(client_.get(), &one, 1, nullptr, queue_.get());
    auto event = answer("CreateTopics " + name);
    size_t count = 0;
    check_topics(rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count), count);
  }

  void add_partitions(const std::string& name, size_t total) {
    char text[256];
    std::unique_ptr<rd_kafka_NewPartitions_t, decltype(&rd_kafka_NewPartitions_destroy)> partitions(
        rd_kafka_NewPartitions_new(name.c_str(), total, text, sizeof text), rd_kafka_NewPartitions_destroy);
    auto* one = partitions.get();
    rd_kafka_CreatePartitions(client_.get(), &one, 1, nullptr, queue_.get());
    auto event = answer("CreatePartitions " + name);
    size_t count = 0;
    check_topics(rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event.get()), &count),
                 count);
  }

  /// Of partition 0, those below `offset`.
  void delete_records(const std::string& topic, int64_t offset) {
    List below(rd_kafka_topic_partition_list_new(1), rd_kafka_topic_partition_list_destroy);
    rd_kafka_topic_partition_list_add(below.get(), topic.c_str(), 0)->offset = offset;
    std::unique_ptr<rd_kafka_DeleteRecords_t, decltype(&rd_kafka_DeleteRecords_destroy)> records(
        rd_kafka_DeleteRecords_new(below.get()), rd_kafka_DeleteRecords_destroy);
    auto* one = records.get();
    rd_kafka_DeleteRecords(client_.get(), &one, 1, nullptr, queue_.get());
    answer("DeleteRecords " + topic);
  }

  /// The group's, of each partition; -1001: none.
  std::vector<int64_t> committed(const std::string& topic, int partitions) {
    List list(rd_kafka_topic_partition_list_new(partitions), rd_kafka_topic_partition_list_destroy);
    for (int i = 0; i < partitions; ++i) rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), i);
    if (auto code = rd_kafka_committed(client_.get(), list.get(), kPatienceMs))
      throw std::runtime_error(std::string("committed: ") + rd_kafka_err2str(code));
    std::vector<int64_t> offsets;
    for (int i = 0; i < partitions; ++i) offsets.push_back(list->elems[i].offset);
    return offsets;
  }

 private:
  static constexpr int kPatienceMs = 60'000;
  using List = std::unique_ptr<rd_kafka_topic_partition_list_t, decltype(&rd_kafka_topic_partition_list_destroy)>;
  using Event = std::unique_ptr<rd_kafka_event_t, decltype(&rd_kafka_event_destroy)>;

  Event answer(const std::string& what) {
    Event event(rd_kafka_queue_poll(queue_.get(), kPatienceMs), rd_kafka_event_destroy);
    if (!event) throw std::runtime_error(what + ": no answer");
    if (rd_kafka_event_error(event.get()))
      throw std::runtime_error(what + ": " + rd_kafka_event_error_string(event.get()));
    return event;
  }

  static void check_topics(const rd_kafka_topic_result_t** topics, size_t count) {
    for (size_t i = 0; i < count; ++i)
      if (rd_kafka_topic_result_error(topics[i]))
        throw std::runtime_error(rd_kafka_topic_result_error_string(topics[i]));
  }

  std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)> client_{nullptr, rd_kafka_destroy};
  std::unique_ptr<rd_kafka_queue_t, decltype(&rd_kafka_queue_destroy)> queue_{nullptr, rd_kafka_queue_destroy};
};

}  // namespace mombridge::conformance
