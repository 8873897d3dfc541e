#pragma once
// The deliveries of one consumer: made from records, handed to the sink, taken back when they are settled.

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/counters.hpp"
#include "base/event_loop.hpp"
#include "base/inbox.hpp"
#include "base/log.hpp"
#include "broker/kafka/assignment.hpp"
#include "broker/kafka/delivery.hpp"
#include "broker/kafka/settings.hpp"
#include "broker/source/byte_budget.hpp"
#include "broker/source/pool.hpp"
#include "broker/source/redelivery.hpp"

namespace mombridge::kafka {

/// For the loop's thread, but for settled().
class Deliveries {
 public:
  /// `settings` have this consumer's subscriptions alone; `indices` say which of the section's these are. Loop and
  /// assignment outlive this.
  Deliveries(EventLoop& loop, std::string broker, std::shared_ptr<const Settings> settings,
             std::vector<uint32_t> indices, Assignment& assignment);

  /// Other subscriptions, as the constructor takes them. What was handed out keeps its number; what is handed out from
  /// now on has those of `indices`. The readers of the assignment are to be told their subscriptions, too.
  void change_to(std::shared_ptr<const Settings> settings, std::vector<uint32_t> indices);
  /// Where deliveries go; null: nowhere now.
  void hand_to(Sink* sink) { sink_ = sink; }
  /// By subscription: of those that are true nothing is taken. Their partitions stay with this member of the group.
  void pause(std::vector<bool> paused) { paused_ = std::move(paused); }
  /// Returns true if the partition, or its subscription, has as much in flight as it may.
  [[nodiscard]] bool full(const PartitionReader& from) const;
  /// Returns true if a record of the partition may be delivered now.
  [[nodiscard]] bool takes(const PartitionReader& from) const;
  /// Returns true if half of what the partition, and its subscription, may have in flight is free, or all of it that
  /// the partition has.
  [[nodiscard]] bool has_room(const PartitionReader& from) const;
  /// Makes a delivery of a record and hands it out.
  void deliver(PartitionReader& from, Fetched fetched);

  /// [any thread] A delivery was settled.
  void settled(KafkaDelivery& delivery) noexcept;
  /// Does what the settlements say: counts as processed, gives out again, or, of an earlier assignment, only frees.
  void take_settled();
  [[nodiscard]] bool settlements_wait() const { return !inbox_.empty(); }
  /// Lets go of all records, because the client's memory goes. What is still in somebody's hands is lost to them.
  void drop_records();

 private:
  void fill(KafkaDelivery& delivery, const rd_kafka_message_t& record);
  void hand_out(KafkaDelivery& delivery);
  void release(KafkaDelivery& delivery);

  EventLoop& loop_;
  const std::string broker_;
  std::shared_ptr<const Settings> settings_;
  std::vector<uint32_t> indices_;
  Assignment& assignment_;
  Sink* sink_ = nullptr;
  std::vector<bool> paused_;
  /// Bytes in flight by the topic of the subscription, of earlier assignments too. Those of former subscriptions stay
  /// while something is in flight, because it points to them.
  std::map<std::string, source::ByteBudget> budgets_;
  std::vector<source::ByteBudget*> budget_of_;  ///< by subscription
  Inbox<KafkaDelivery> inbox_;
  source::Pool<KafkaDelivery> deliveries_;
  source::Redelivery<KafkaDelivery> redelivery_;
  Counter& rejected_;
  log::Repeated dropped_log_;
};

}  // namespace mombridge::kafka
