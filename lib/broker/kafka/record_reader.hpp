#pragma once
// Reads the records of all partitions that a member of a group has.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/event_loop.hpp"
#include "base/log.hpp"
#include "broker/kafka/assignment.hpp"
#include "broker/kafka/cluster_link.hpp"
#include "broker/kafka/consumer_client.hpp"
#include "broker/kafka/deliveries.hpp"
#include "broker/kafka/fetch_ahead.hpp"
#include "broker/kafka/lost_offsets.hpp"
#include "broker/kafka/open_transactions.hpp"
#include "broker/kafka/queue_reader.hpp"
#include "broker/kafka/settings.hpp"
#include "broker/kafka/subscription_links.hpp"

namespace mombridge::kafka {

/// For the loop's thread, but for Deliveries::settled().
class RecordReader final : private QueueReader::User {
 public:
  /// As for Deliveries. `links` show what partitions say; `cluster` hears that the cluster answers; `misled`: the
  /// client must be made anew. All outlive this.
  RecordReader(EventLoop& loop, BlockingCalls& calls, std::string broker, std::shared_ptr<const Settings> settings,
               std::vector<uint32_t> indices, SubscriptionLinks& links, ClusterLink& cluster,
               LostOffsets::Misled misled);
  ~RecordReader();
  RecordReader(const RecordReader&) = delete;
  RecordReader& operator=(const RecordReader&) = delete;

  /// There is a client now, of whose partitions the assignment is. It outlives its use.
  void use(ConsumerClient& client);
  /// Its partitions were assigned.
  void watch_transactions();
  /// Lets go of the client: drops all partitions. What is in flight is settled without effect.
  void drop_client();

  [[nodiscard]] Deliveries& deliveries() { return deliveries_; }
  [[nodiscard]] const Assignment& assignment() const { return assignment_; }
  void add(std::unique_ptr<PartitionReader> reader) { assignment_.add(std::move(reader)); }
  void drop(const PartitionKey& partition) { assignment_.drop(partition); }

  /// One turn: some records of partitions whose window is not full. Returns true if there may be more, or strays.
  [[nodiscard]] bool read();
  /// Does what settlements say, and gives the client the offsets that follow from them.
  void take_settled() { deliveries_.take_settled(); }
  void store_offsets();

  /// Takes what came through a queue that is not its partition's: a record, or the end of a partition. What belongs to
  /// no partition that is assigned is dropped: it comes again to the member that has it.
  void keep_early(Fetched fetched);
  /// Takes an error event. Returns false if it is about no partition that is assigned.
  [[nodiscard]] bool partition_error(rd_kafka_event_t* event);
  /// As QueueReader's.
  [[nodiscard]] std::vector<Event> take_strays() { return queues_.take_strays(); }
  /// Shows the state of the partitions in the links.
  void show();

 private:
  [[nodiscard]] bool takes(const PartitionReader& from) const override;
  [[nodiscard]] bool has_room(const PartitionReader& from) const override;
  void take(PartitionReader& from, Fetched fetched) override;
  void reached_end(PartitionReader& from, rd_kafka_event_t* event);
  void partition_error(PartitionReader& from, rd_kafka_event_t* event);
  void fails(PartitionReader& from, const std::string& reason);
  void works_again(PartitionReader& from);

  const std::string broker_;
  const std::shared_ptr<const Settings> settings_;  ///< the subscriptions may be others by now
  SubscriptionLinks& links_;
  ClusterLink& cluster_;
  Assignment assignment_;
  Deliveries deliveries_;
  QueueReader queues_;
  ConsumerClient* client_ = nullptr;
  std::optional<FetchAhead> fetch_ahead_;
  OpenTransactions transactions_;
  LostOffsets lost_offsets_;
  log::Repeated error_log_;
};

}  // namespace mombridge::kafka
