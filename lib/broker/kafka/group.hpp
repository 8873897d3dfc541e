#pragma once
// One consumer's part in its group: takes the partitions that the group gives it, and gives them back.

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "base/event_loop.hpp"
#include "broker/blocking_calls.hpp"
#include "broker/kafka/consumer_client.hpp"
#include "broker/kafka/record_reader.hpp"
#include "broker/kafka/subscription_links.hpp"
#include "broker/kafka/topic_match.hpp"

namespace mombridge::kafka {

/// The client tells of a rebalance and waits for the answer, while its heartbeats go on. Partitions are taken when it
/// is known where each begins, and given back when what is in flight from them is settled, or after a while. For the
/// loop's thread.
class Group {
 public:
  /// StartOffsets::find(), on the thread of the blocking calls; owns all that it uses.
  using FindOffsets = std::function<Result<bool>(rd_kafka_t* client, rd_kafka_topic_partition_list_t* partitions,
                                                 const std::set<PartitionKey>& owned, TimePoint deadline)>;
  /// Hears that an assignment was taken, or why it cannot be: then the client is of no use any more.
  using Assigned = std::function<void(const Result<>& taken)>;

  /// `settings` have this consumer's subscriptions alone. The others outlive this.
  Group(EventLoop& loop, BlockingCalls& calls, std::string broker, std::shared_ptr<const Settings> settings,
        ConsumerClient& client, RecordReader& reader, SubscriptionLinks& links, FindOffsets find_offsets,
        Assigned assigned);
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  /// Other subscriptions; the client subscribes to their topics before or after. Partitions go on as those of the
  /// subscriptions that take them now; those that none takes are read no more, and wait to be given back. What is asked
  /// for an assignment is asked anew.
  void change_to(std::shared_ptr<const Settings> settings);
  /// The client is about to subscribe to other topics. The revocation that follows is its own doing, and no other
  /// member waits for it: what is in flight gets longer, and there is no gap in the links of the topics that stay.
  void rejoins() { rejoins_ = true; }
  /// What a rebalance event says: RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, __REVOKE_PARTITIONS or why it failed.
  void rebalance(rd_kafka_resp_err_t code, const rd_kafka_topic_partition_list_t* partitions);
  /// To be called when deliveries have been settled: ends a revocation that waited for them.
  void settled();
  /// Before the client is closed: answers what the client waits for, as else the group would not let go of it.
  void prepare_close();
  /// The client goes: forgets what was under way.
  void forget();
  /// Returns true while partitions wait until it is known where they begin, or until what is in flight is settled.
  [[nodiscard]] bool busy() const { return assigning_ || revoking_; }

 private:
  void find_offsets();
  void offsets_found(const Result<bool>& found);
  void assign();
  void take_partition(const PartitionKey& partition, int64_t offset);
  void refuse_assignment();
  void begin_revoke(const rd_kafka_topic_partition_list_t* partitions);
  void finish_revoke();
  void stop_waiting();
  [[nodiscard]] bool cooperative() const;
  [[nodiscard]] Duration revoke_patience() const;

  EventLoop& loop_;
  const std::string broker_;
  std::shared_ptr<const Settings> settings_;
  ConsumerClient& client_;
  RecordReader& reader_;
  SubscriptionLinks& links_;
  const FindOffsets find_offsets_;
  const Assigned assigned_;
  TopicMatch match_;
  BlockingCaller caller_;
  Partitions assigning_;  ///< waits until it is known where it begins
  Partitions revoking_;   ///< waits for what is in flight
  EventLoop::TimerId timer_ = 0;
  bool rejoins_ = false;
};

}  // namespace mombridge::kafka
