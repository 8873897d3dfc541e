#pragma once
// A client that consumes: one member of a group, one thread. A section has one for all of its subscriptions, and one of
// its own for the replies, whose group must not be shared with anything else.

#include <atomic>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/backoff.hpp"
#include "base/counters.hpp"
#include "base/inbox.hpp"
#include "base/log.hpp"
#include "broker/kafka/asker.hpp"
#include "broker/kafka/client.hpp"
#include "broker/kafka/connection_error.hpp"
#include "broker/kafka/delivery.hpp"
#include "broker/kafka/fetch_ahead.hpp"
#include "broker/kafka/open_transactions.hpp"
#include "broker/kafka/start_offsets.hpp"
#include "broker/kafka/static_member.hpp"
#include "broker/kafka/subscription_links.hpp"
#include "broker/kafka/topic_match.hpp"
#include "broker/supervisor.hpp"

namespace mombridge::kafka {

class Consumer final {
 public:
  /// Which of the section's subscriptions.
  enum class Part { ordinary, replies };
  /// The asker outlives this. Not where the section has no such subscription.
  Consumer(const std::string& broker, const Settings& settings, Part part, Asker& asker);
  ~Consumer();

  void start(Sink& sink);
  /// [any thread but the loop's] As Broker::stop_intake() and stop().
  void stop_intake();
  void stop(Duration patience);

  /// [any thread] One for each subscription.
  [[nodiscard]] std::vector<LinkStatus> status() const;
  [[nodiscard]] const EventLoop& loop() const { return loop_; }
  /// [any thread] For the replies: their topic exists.
  [[nodiscard]] bool has_topic() const noexcept { return has_topic_.load(std::memory_order_relaxed); }
  /// [any thread] A delivery was settled.
  void settled(KafkaDelivery& delivery) noexcept;

 private:
  // The client: consumer.cpp
  void open();
  Result<> make();
  Result<> subscribe();
  Result<bool> have_own_topic(rd_kafka_t* client);
  void asked(const Result<bool>& own_topic);
  void reachable();
  void fail_client(const Error& error, Duration at_least = Duration::zero());
  void fatal();
  void drop_client();
  void begin_close(std::function<void()> on_closed);
  Duration serve();
  bool poll_main(rd_kafka_queue_t* queue);
  void keep_early(const PartitionKey& from, Event event, const rd_kafka_message_t* record);
  void take_strays();
  void handle_main(Event event);
  void handle_error(rd_kafka_event_t* event);

  // The group: consumer_group.cpp
  void rebalance(rd_kafka_event_t* event);
  void ask_positions();
  void found_positions(const Result<bool>& found);
  void assign();
  void refuse_assignment();
  void set_reset_policy(const std::string& topic, OnOffsetLost lost);
  void add_partition(const rd_kafka_topic_partition_t& partition);
  void begin_revoke(Partitions list);
  void finish_revoke();
  void drop_partition(Assignment::iterator partition);
  void drop_partitions();
  [[nodiscard]] bool cooperative() const;
  [[nodiscard]] bool revoke_ready() const;
  [[nodiscard]] Duration revoke_patience() const;
  void check_topics();
  void topics_checked(const std::vector<std::string>& errors);
  void show_partitions();

  // Records: consumer_records.cpp
  bool poll_partitions();
  bool poll_partition(Assigned& partition);
  [[nodiscard]] Fetched fetch(Assigned& partition);
  [[nodiscard]] static bool belongs(Assigned& partition, const Fetched& fetched);
  void dispatch(Assigned& partition, Fetched fetched);
  void begins_again(const Assigned& p, int64_t offset);
  void fill(KafkaDelivery& delivery, const rd_kafka_message_t& record);
  void partition_error(Assigned& partition, rd_kafka_event_t* event);
  void works_again(Assigned& partition);
  void partition_end(Assigned& partition, rd_kafka_event_t* event);
  void hand_out(KafkaDelivery& delivery);
  void take_settled();
  void retry(KafkaDelivery& delivery);
  void release(KafkaDelivery& delivery);
  void store_offsets();
  void store_offset(Assigned& partition);
  [[nodiscard]] bool full(const Assigned& partition) const;
  [[nodiscard]] bool crowded() const;
  KafkaDelivery& new_delivery();

  const std::string broker_;
  const Part part_;
  std::vector<uint32_t> indices_;  ///< of our subscriptions among the section's
  const Settings settings_;        ///< with our subscriptions alone
  Asker& asker_;
  TopicMatch match_;
  EventLoop loop_;
  Supervisor supervisor_;
  Signal signal_;
  Sink* sink_ = nullptr;  ///< null: no deliveries now
  bool started_ = false;
  std::atomic<bool> has_topic_{false};

  std::vector<Client> old_clients_;  ///< some of their records are still in flight
  Client client_;
  std::optional<FetchAhead> fetch_ahead_;
  Queue queue_;                  ///< everything but the records
  Queue close_queue_;            ///< the same, while closing
  std::vector<Fetched> strays_;  ///< what came through the queue of another partition
  std::vector<Topic> topics_;
  bool reachable_ = false;
  ConnectionError connection_error_;
  StaticMember member_;
  std::function<void()> on_closed_;

  Assignment assignment_;
  std::vector<std::unique_ptr<Assigned>> former_;  ///< partitions of earlier assignments with something in flight
  Partitions assigning_;                           ///< waits for its positions
  Partitions revoking_;                            ///< waits for what is in flight
  uint64_t rebalance_ = 0;                         ///< counts them; an answer to an earlier one is dropped
  EventLoop::TimerId group_timer_ = 0;
  StartOffsets start_offsets_;  ///< the asker's thread alone
  EventLoop::TimerId topics_timer_ = 0;
  SubscriptionLinks links_;
  OpenTransactions transactions_;

  std::vector<uint64_t> bytes_;  ///< in flight, by subscription; of earlier assignments too
  Inbox<KafkaDelivery> inbox_;
  std::deque<KafkaDelivery> deliveries_;
  std::vector<KafkaDelivery*> free_;
  Backoff retry_backoff_{std::chrono::milliseconds(10), std::chrono::seconds(1)};
  Counter& rejected_;
  log::Repeated dropped_log_, error_log_;
};

}  // namespace mombridge::kafka
