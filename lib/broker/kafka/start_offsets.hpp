#pragma once
// Where partitions begin for which the group has no committed offset.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "broker/kafka/handles.hpp"
#include "broker/kafka/partition_key.hpp"
#include "broker/kafka/settings.hpp"
#include "broker/kafka/topic_match.hpp"

namespace mombridge::kafka {

/// Decides by what the group has committed for the whole subscription, not only for the partitions of one member:
/// - It has a commit for another partition or topic of the subscription: this partition is new, and begins at its
///   beginning, so that nothing is missed which was published before the group noticed it.
/// - It has none at all: the group is new, or its offsets have expired, which Kafka does not tell apart. The partition
///   begins as `start` says. With Start::latest, the ends of all partitions are committed before anything is read: a
///   crash does not move them, and members that start together all begin at the same ends, because only the member with
///   the subscription's first partition commits them, and the others wait for that.
/// - A topic that did not exist when the subscription was first looked at is new also with Start::latest.
///
/// The client cannot be left to do it: with auto.offset.reset=error, which a lost offset needs, a new group would
/// consume nothing. Asking blocks, until the deadline that it is given or a little longer, and all of it is for the
/// thread of the blocking calls.
class StartOffsets {
 public:
  /// `broker` is for the log. `settings` have the subscriptions of this client alone.
  StartOffsets(std::string broker, std::shared_ptr<const Settings> settings);

  /// Other subscriptions. Of those that stay, it remains known which topics are new.
  void change_to(std::shared_ptr<const Settings> settings);

  /// Notes which topics exist, the first time that it succeeds for a subscription: a topic that appears later is new.
  Result<> look(rd_kafka_t* client, TimePoint deadline);

  /// Fills in the offsets of `partitions`, an assignment that the member has not taken yet, and says in the log where
  /// and why those begin that have none. What no subscription takes begins at its end: it is not read. `owned`:
  /// partitions that the member has already. Returns false while another member decides, and fails when the brokers do
  /// not answer in time: then it is to be called again.
  Result<bool> find(rd_kafka_t* client, rd_kafka_topic_partition_list_t* partitions,
                    const std::set<PartitionKey>& owned, TimePoint deadline);

 private:
  using Elements = std::vector<rd_kafka_topic_partition_t*>;
  using Names = std::set<std::string, std::less<>>;

  Result<bool> place(rd_kafka_t* client, uint32_t subscription, const Elements& missing,
                     const std::set<PartitionKey>& owned);
  Result<> commit_ends(rd_kafka_t* client, const Partitions& all, const Elements& missing);
  Result<Partitions> partitions_of(rd_kafka_t* client, uint32_t subscription);
  [[nodiscard]] bool appeared(const char* topic);
  [[nodiscard]] bool must_wait(const Partitions& all, const std::set<PartitionKey>& owned);
  /// `skipped`: records before `offset` that nobody gets.
  void log_start(const rd_kafka_topic_partition_t& partition, int64_t offset, int64_t skipped, const char* why);

  const std::string broker_;
  std::shared_ptr<const Settings> settings_;
  TopicMatch match_;
  TimePoint deadline_{};  ///< of the call under way
  /// Topics that existed at the first look for a subscription, which is known by its topic; those that were looked at
  /// together share them.
  std::map<std::string, std::shared_ptr<const Names>> present_;
  TimePoint waits_since_{};  ///< for the member that decides
};

}  // namespace mombridge::kafka
