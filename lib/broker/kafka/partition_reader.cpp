#include "broker/kafka/partition_reader.hpp"

#include <utility>

namespace mombridge::kafka {

PartitionReader::PartitionReader(SharedClient client, const PartitionKey& key, std::optional<uint32_t> subscription,
                                 std::string id_prefix, Queue queue)
    : client_(std::move(client)),
      key_(key),
      subscription_(subscription),
      id_prefix_(std::move(id_prefix)),
      queue_(std::move(queue)),
      position_(rd_kafka_topic_partition_list_new(1)) {
  rd_kafka_topic_partition_list_add(position_.get(), topic().c_str(), number());
}

Fetched PartitionReader::fetch(std::vector<Fetched>& strays) {
  if (!early_.empty()) {
    auto fetched = std::move(early_.front());
    early_.pop_front();
    return fetched;
  }
  Event event(rd_kafka_queue_poll(queue_.get(), 0));
  bool record = event && rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_FETCH;
  auto* message = record ? rd_kafka_event_message_next(event.get()) : nullptr;  // before the event is moved
  Fetched fetched{std::move(event), message};
  if (!fetched.event || owns(fetched)) return fetched;
  strays.push_back(std::move(fetched));
  return {};
}

// A queue that is forwarded gives out what is in the queue that it is forwarded to.
bool PartitionReader::owns(const Fetched& fetched) {
  if (auto* record = fetched.record) {
    if (record->partition != number()) return false;
    if (record->rkt == topic_handle_) return true;
    if (topic() != rd_kafka_topic_name(record->rkt)) return false;
    topic_handle_ = record->rkt;
    return true;
  }
  if (rd_kafka_event_type(fetched.event.get()) != RD_KAFKA_EVENT_ERROR) return false;
  TopicPartition from(rd_kafka_event_topic_partition(fetched.event.get()));
  return from && from->partition == number() && topic() == from->topic;
}

void PartitionReader::drop() {
  current_ = false;
  early_.clear();
  queue_.reset();
}

void PartitionReader::reached_end(int64_t offset) {
  in_flight_.passed(offset);
  transaction_.at_end(offset);
}

rd_kafka_resp_err_t PartitionReader::store_offset() {
  auto offset = in_flight_.take_watermark();
  if (!offset) return RD_KAFKA_RESP_ERR_NO_ERROR;
  position_->elems[0].offset = *offset;
  auto code = rd_kafka_offsets_store(client_.get(), position_.get());
  return code ? code : position_->elems[0].err;
}

bool PartitionReader::fails(const std::string& reason) {
  if (error_ == reason) return false;
  error_ = reason;
  return true;
}

bool PartitionReader::works() {
  bool failed = !error_.empty();
  error_.clear();
  return failed;
}

}  // namespace mombridge::kafka
