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

bool PartitionReader::owns(const rd_kafka_message_t& record) {
  if (record.partition != number()) return false;
  if (record.rkt == topic_handle_) return true;
  if (topic() != rd_kafka_topic_name(record.rkt)) return false;
  topic_handle_ = record.rkt;
  return true;
}

Fetched PartitionReader::take_early() {
  if (early_.empty()) return {};
  auto fetched = std::move(early_.front());
  early_.pop_front();
  return fetched;
}

// Nothing of the partition comes from its queue once the client has been told: what lies there is outdated then.
void PartitionReader::stop_fetching(bool stop) {
  if (stopped_ == stop) return;
  stopped_ = stop;
  if (stop)
    rd_kafka_pause_partitions(client_.get(), position_.get());
  else
    rd_kafka_resume_partitions(client_.get(), position_.get());
}

void PartitionReader::drop() {
  current_ = false;
  // The client would remember it for the next assignment of the partition.
  stop_fetching(false);
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
