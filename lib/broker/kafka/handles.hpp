#pragma once
// One owning alias for each kind of handle that librdkafka gives out.

#include <memory>

#include <librdkafka/rdkafka.h>

namespace mombridge::kafka {

/// Calls the C function that ends the handle.
template <auto Destroy>
struct Ends {
  template <class T>
  void operator()(T* handle) const noexcept {
    Destroy(handle);
  }
};
template <class T, auto Destroy>
using Handle = std::unique_ptr<T, Ends<Destroy>>;

/// Also ends the queue's events for a Signal, whose file descriptor may belong to another file later.
inline void end_queue(rd_kafka_queue_t* queue) noexcept {
  rd_kafka_queue_io_event_enable(queue, -1, nullptr, 0);
  rd_kafka_queue_destroy(queue);
}
/// In client_end.hpp.
void end_client(rd_kafka_t* client) noexcept;

using Conf = Handle<rd_kafka_conf_t, rd_kafka_conf_destroy>;
using TopicConf = Handle<rd_kafka_topic_conf_t, rd_kafka_topic_conf_destroy>;
using Client = Handle<rd_kafka_t, end_client>;
using Topic = Handle<rd_kafka_topic_t, rd_kafka_topic_destroy>;
using Queue = Handle<rd_kafka_queue_t, end_queue>;
using Event = Handle<rd_kafka_event_t, rd_kafka_event_destroy>;
using Partitions = Handle<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>;
using TopicPartition = Handle<rd_kafka_topic_partition_t, rd_kafka_topic_partition_destroy>;
using RecordHeaders = Handle<rd_kafka_headers_t, rd_kafka_headers_destroy>;
using ClientError = Handle<rd_kafka_error_t, rd_kafka_error_destroy>;
using AdminOptions = Handle<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>;
using Metadata = Handle<const rd_kafka_metadata_t, rd_kafka_metadata_destroy>;

}  // namespace mombridge::kafka
