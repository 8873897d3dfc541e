#pragma once
// A record in somebody's hands, and the partition that it came from.

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "broker/kafka/handles.hpp"
#include "broker/kafka/offset_tracker.hpp"
#include "broker/kafka/record.hpp"
#include "broker/kafka/transaction_watch.hpp"
#include "message/delivery.hpp"

namespace mombridge::kafka {

class Consumer;

/// A record as its queue gave it out.
struct Fetched {
  Event event;  ///< keeps the record
  const rd_kafka_message_t* record = nullptr;
};

/// One partition of one assignment: this object is the epoch. A delivery that outlives the assignment finds `current`
/// false, and its settlement means nothing any more.
struct Assigned {
  std::string topic;
  int32_t number = -1;
  std::string id_prefix;  ///< of records without an id
  uint32_t subscription = 0;
  Queue queue;
  const rd_kafka_topic_t* handle = nullptr;  ///< the topic's, as the last record had it
  Partitions position;                       ///< of this one partition, for storing its offset
  std::deque<Fetched> early;                 ///< what came through the common queue
  OffsetTracker tracker;
  size_t in_flight = 0;             ///< deliveries that are not settled for good
  size_t held = 0;                  ///< of these, those in the sink's hands; the others wait for their next try
  std::atomic<bool> current{true};  ///< [any thread reads]
  bool revoking = false;            ///< no further deliveries
  std::string error;                ///< why nothing comes any more; empty: it does
  TransactionWatch transaction;
};
using PartitionKey = std::pair<std::string, int32_t>;
using Assignment = std::map<PartitionKey, std::unique_ptr<Assigned>>;

class KafkaDelivery final : public Delivery {
 public:
  explicit KafkaDelivery(Consumer& owner) : owner_(owner) {}
  void settle(Settlement s) noexcept override;
  [[nodiscard]] bool stale() const noexcept override { return !from->current.load(std::memory_order_relaxed); }

  Event event;  ///< keeps a record that was not copied
  Assigned* from = nullptr;
  uint64_t number = 0;  ///< in the tracker
  size_t size = 0;      ///< bytes that it counts against prefetch_size, decoded headers among them
  unsigned tries = 0;
  Settlement settlement = Settlement::accept;
  RecordStorage storage;

 private:
  Consumer& owner_;
};

}  // namespace mombridge::kafka
