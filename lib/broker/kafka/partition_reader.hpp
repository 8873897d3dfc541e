#pragma once
// Reading one partition of one assignment: its queue, what is in flight from it, how far it is processed.

#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "broker/kafka/client_end.hpp"
#include "broker/kafka/fetch_queue.hpp"
#include "broker/kafka/handles.hpp"
#include "broker/kafka/in_flight.hpp"
#include "broker/kafka/partition_key.hpp"
#include "broker/kafka/transaction_watch.hpp"

namespace mombridge::kafka {

/// A record as its queue gave it out, or what else a queue gives out.
struct Fetched {
  Event event;  ///< keeps the record
  const rd_kafka_message_t* record = nullptr;
};

/// This object is the assignment's epoch: a delivery that outlives the assignment finds it no longer current, and its
/// settlement means nothing any more. For the consumer's thread, but for current().
class PartitionReader {
 public:
  /// `queue` is the partition's own. `id_prefix`: of the ids of records without one. `subscription`: as for
  /// subscribe_as().
  PartitionReader(SharedClient client, const PartitionKey& key, std::optional<uint32_t> subscription,
                  std::string id_prefix, Queue queue);
  PartitionReader(const PartitionReader&) = delete;
  PartitionReader& operator=(const PartitionReader&) = delete;

  [[nodiscard]] const SharedClient& client() const { return client_; }
  [[nodiscard]] const PartitionKey& key() const { return key_; }
  [[nodiscard]] const std::string& topic() const { return key_.first; }
  [[nodiscard]] int32_t number() const { return key_.second; }
  /// Index into the consumer's subscriptions; nothing: none of them takes the topic (any more).
  [[nodiscard]] std::optional<uint32_t> subscription() const { return subscription_; }
  [[nodiscard]] const std::string& id_prefix() const { return id_prefix_; }

  // The queue.

  /// From now on the partition's records and events come through `queue`, which outlives the reading. To be called
  /// before the partition is assigned, because the client would forward them to its common queue, and again where it
  /// has done so all the same.
  void come_through(FetchQueue& queue) {
    fetch_queue_ = &queue;
    rd_kafka_queue_forward(queue_.get(), queue.queue.get());
  }
  /// Null: none was set.
  [[nodiscard]] FetchQueue* fetch_queue() const { return fetch_queue_; }
  /// Returns true if the record is one of this partition's.
  [[nodiscard]] bool owns(const rd_kafka_message_t& record);
  /// Keeps what may not be delivered yet: it comes before what is in the queue.
  void keep_early(Fetched fetched) { early_.push_back(std::move(fetched)); }
  /// The oldest that was kept; no event where there is none.
  [[nodiscard]] Fetched take_early();
  [[nodiscard]] bool has_early() const { return !early_.empty(); }
  /// The client fetches nothing more of the partition, and throws away what it has, or goes on behind what was taken.
  /// So partitions that share a queue do not wait for one that may not go on.
  void stop_fetching(bool stop);
  [[nodiscard]] bool stopped() const { return stopped_; }

  // The assignment.

  [[nodiscard]] InFlight& in_flight() { return in_flight_; }
  [[nodiscard]] const InFlight& in_flight() const { return in_flight_; }
  /// [any thread] Returns false once the partition was dropped from the assignment.
  [[nodiscard]] bool current() const noexcept { return current_.load(std::memory_order_relaxed); }
  /// What comes from now on is this subscription's. Without one, nothing further is delivered.
  void subscribe_as(std::optional<uint32_t> subscription) { subscription_ = subscription; }
  /// From now on nothing further is delivered.
  void begin_revoke() { revoking_ = true; }
  /// Returns true if nothing further is delivered, and the partition is given back when what is in flight is settled.
  [[nodiscard]] bool revoking() const { return revoking_ || !subscription_; }
  /// Ends the reading. The object lives until nothing of it is in flight.
  void drop();

  // Offsets.

  /// The client has read to the end: all that will ever come below `offset` has come.
  void reached_end(int64_t offset);
  /// Gives the client the offset up to which all is processed, where that has moved; the client commits it.
  [[nodiscard]] rd_kafka_resp_err_t store_offset();

  // State that is shown.

  /// Notes why nothing comes any more. Returns false if that is known.
  bool fails(const std::string& reason);
  /// Returns true if the partition failed until now.
  bool works();
  /// Why nothing comes; empty: it does.
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] TransactionWatch& transaction() { return transaction_; }
  [[nodiscard]] const TransactionWatch& transaction() const { return transaction_; }

 private:
  const SharedClient client_;  ///< records in flight are its memory
  const PartitionKey key_;
  std::optional<uint32_t> subscription_;
  const std::string id_prefix_;
  Queue queue_;
  FetchQueue* fetch_queue_ = nullptr;
  bool stopped_ = false;
  const rd_kafka_topic_t* topic_handle_ = nullptr;  ///< as the last record had it
  std::deque<Fetched> early_;
  Partitions position_;  ///< of this one partition, for storing its offset
  InFlight in_flight_;
  std::atomic<bool> current_{true};
  bool revoking_ = false;
  std::string error_;
  TransactionWatch transaction_;
};

}  // namespace mombridge::kafka
