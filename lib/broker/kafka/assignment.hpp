#pragma once
// The partitions that a member of a group reads, and those of earlier assignments from which something is in flight.

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "broker/kafka/partition_reader.hpp"

namespace mombridge::kafka {

/// For the consumer's thread.
class Assignment {
 public:
  using Readers = std::map<PartitionKey, std::unique_ptr<PartitionReader>>;

  /// Takes the place of a reader of the same partition.
  void add(std::unique_ptr<PartitionReader> reader);
  /// Ends the reading. The reader is kept until nothing of it is in flight; see released().
  void drop(const PartitionKey& key);
  void drop_all();
  /// One delivery of the reader's was released: frees the reader if it was dropped and this was its last.
  void released(PartitionReader& reader);
  /// Frees all readers, whatever is in flight.
  void clear();

  /// Null: the partition is not assigned.
  [[nodiscard]] PartitionReader* find(const PartitionKey& key) const;
  /// The one whose record it is. Fast for records that come one after the other from the same partition.
  [[nodiscard]] PartitionReader* of(const rd_kafka_message_t& record);
  [[nodiscard]] std::set<PartitionKey> keys() const;
  [[nodiscard]] bool empty() const { return readers_.empty(); }
  [[nodiscard]] size_t size() const { return readers_.size(); }
  [[nodiscard]] Readers::const_iterator begin() const { return readers_.begin(); }
  [[nodiscard]] Readers::const_iterator end() const { return readers_.end(); }
  /// Messages in flight of earlier assignments.
  [[nodiscard]] size_t former_in_flight() const;
  /// Returns true if a reader that is being revoked has deliveries in the sink's hands.
  [[nodiscard]] bool revoke_waits() const;

 private:
  Readers readers_;
  PartitionReader* latest_ = nullptr;  ///< what of() found last
  /// What of() has found, by the client's handle of the topic.
  std::map<std::pair<const rd_kafka_topic_t*, int32_t>, PartitionReader*> found_;
  std::vector<std::unique_ptr<PartitionReader>> former_;
};

}  // namespace mombridge::kafka
