#pragma once
// One client that consumes: its queues, its events, its end.

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/event_loop.hpp"
#include "broker/kafka/client.hpp"
#include "broker/kafka/client_end.hpp"
#include "broker/kafka/fetch_queue.hpp"
#include "broker/kafka/partition_key.hpp"
#include "broker/kafka/settings.hpp"
#include "broker/source/memory_reserve.hpp"

namespace mombridge::kafka {

/// There is a client or there is none. For the loop's thread, or for one at a time while the loop does not run.
class ConsumerClient {
 public:
  /// `settings` have this client's subscriptions alone. The loop outlives this, and is woken by the client's events.
  ConsumerClient(EventLoop& loop, std::string broker, std::shared_ptr<const Settings> settings);
  ~ConsumerClient();
  ConsumerClient(const ConsumerClient&) = delete;
  ConsumerClient& operator=(const ConsumerClient&) = delete;

  /// Makes the client, which then connects by itself.
  Result<> make();
  /// Joins the group; where it is joined, looks again for the topics, or changes to those of other settings.
  Result<> subscribe();
  /// Returns true if change_to() can change to these settings: some things a client cannot change.
  [[nodiscard]] bool can_change_to(const Settings& settings) const;
  /// Other subscriptions; the rest of the settings is as it was. The group hears of them with the next subscribe().
  void change_to(std::shared_ptr<const Settings> settings);
  /// Returns true if the client has subscribed, and to other topics than those of the settings.
  [[nodiscard]] bool topics_changed() const { return !subscribed_.empty() && subscribed_ != topics_of(*settings_); }
  explicit operator bool() const { return client_ != nullptr; }
  [[nodiscard]] rd_kafka_t* get() const { return client_.get(); }
  [[nodiscard]] const SharedClient& shared() const { return client_; }

  /// The next event of the client; null: there is none now. All events but the records come here, and of those what the
  /// client has put into the wrong queue.
  [[nodiscard]] Event next_event();
  /// The handle of a partition's queue, for PartitionReader.
  [[nodiscard]] Queue open_partition(const PartitionKey& partition);
  /// Where the records of its partitions come, and wake the loop.
  [[nodiscard]] FetchQueue& fetch_queue() { return fetch_queue_; }
  /// What the client does when the broker has lost an offset of that topic. The first that is set of a topic counts,
  /// as long as the client lives.
  void set_reset_policy(const std::string& topic, OnOffsetLost lost);

  /// Leaves the group. `closed` is called once, from check_closed() or at once; meanwhile events go on.
  void begin_close(std::function<void()> closed);
  [[nodiscard]] bool closing() const { return closed_ != nullptr; }
  void check_closed();
  /// Nobody waits for the end of closing any more.
  void forget_close() { closed_ = nullptr; }

  /// Lets go of the client. It ends when no call and no record has it any more.
  void drop();

 private:
  struct ResetPolicy {
    OnOffsetLost lost;
    Topic topic;  ///< keeps it; null: the client's own policy
  };
  [[nodiscard]] static std::set<std::string> topics_of(const Settings& settings);
  void set_reset_policies();

  EventLoop& loop_;
  const std::string broker_;
  std::shared_ptr<const Settings> settings_;
  Signal signal_;  ///< outlives the queues
  SharedClient client_;
  std::map<std::string, ResetPolicy> reset_policies_;  ///< by topic
  std::set<std::string> subscribed_;                   ///< topics and expressions
  Queue queue_, close_queue_;
  FetchQueue fetch_queue_;
  source::MemoryReserve reserve_{source::memory_budget()};
  std::function<void()> closed_;
};

}  // namespace mombridge::kafka
