#pragma once
// A client that consumes: one member of a group, one thread. A section has one for all of its subscriptions, and one of
// its own for the replies, whose group must not be shared with anything else.

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "base/event_loop.hpp"
#include "base/log.hpp"
#include "broker/blocking_calls.hpp"
#include "broker/kafka/cluster_link.hpp"
#include "broker/kafka/consumer_client.hpp"
#include "broker/kafka/consumer_figures.hpp"
#include "broker/kafka/group.hpp"
#include "broker/kafka/record_reader.hpp"
#include "broker/kafka/resubscription.hpp"
#include "broker/kafka/start_offsets.hpp"
#include "broker/kafka/static_member.hpp"
#include "broker/kafka/subscription_links.hpp"
#include "broker/kafka/topic_watch.hpp"

namespace mombridge::kafka {

class Consumer final {
 public:
  /// Which of the section's subscriptions.
  enum class Part { ordinary, replies };
  /// Returns true if the section has such a subscription.
  [[nodiscard]] static bool has(Part part, const Settings& settings);
  /// `figure_calls` as ConsumerFigures'. The calls outlive this. Only where has() returns true.
  Consumer(const std::string& broker, const Settings& settings, Part part, BlockingCalls& calls,
           BlockingCalls& figure_calls);
  ~Consumer();

  /// `connect`: at once; else with the first token_changed().
  void start(Sink& sink, bool connect);
  /// [any thread, between start() and begin_stop()] There is another token, or it is known that there is none yet.
  void token_changed() {
    loop_.post([this] { cluster_.retry(); });
  }
  /// [any thread but the loop's, between start() and begin_stop()] As Resubscribing's. `settings` are the section's,
  /// for which has() returns true.
  [[nodiscard]] bool can_resubscribe(const Settings& settings);
  void resubscribe(const Settings& settings, Sink& sink, const std::vector<bool>& paused);
  /// [any thread but the loop's] As Broker::stop_intake().
  void stop_intake();
  /// [any thread but the loop's] As Pausing::pause(). `settings` are the section's.
  void pause(const Settings& settings, const std::vector<bool>& paused);
  /// [any thread but the loop's] As Broker::stop(), in two steps, so that several can stop at the same time: the second
  /// returns at about `deadline` at the latest.
  void begin_stop();
  void finish_stop(TimePoint deadline);

  /// [any thread] One for each subscription.
  [[nodiscard]] std::vector<LinkStatus> status() const;
  [[nodiscard]] ConsumerFigures& figures() { return figures_; }
  [[nodiscard]] const EventLoop& loop() const { return loop_; }
  /// [any thread] For the replies: their topic exists.
  [[nodiscard]] bool has_topic() const noexcept { return has_topic_.load(std::memory_order_relaxed); }

 private:
  struct Closing {
    std::promise<void> closed;
    bool away = false;  ///< the cluster could not be reached when it began
  };
  void open();
  Result<> make();
  void opened(const Result<bool>& topic_made);
  void lost(const std::string& otherwise);
  void fail_client(const Error& error, Duration at_least = Duration::zero());
  void fatal();
  void drop_client();
  void close(std::function<void()> closed);
  Duration serve();
  bool serve_client();
  void handle(Event event);
  void handle_error(rd_kafka_event_t* event);
  void handle_commit(rd_kafka_resp_err_t code);

  const std::string broker_;
  const Part part_;
  BlockingCalls& calls_;
  std::shared_ptr<const Settings> settings_;  ///< with our subscriptions alone
  EventLoop loop_;
  BlockingCaller caller_;
  ClusterLink cluster_;
  SubscriptionLinks links_;
  ConsumerClient client_;
  RecordReader reader_;
  const std::shared_ptr<StartOffsets> start_offsets_;  ///< for the thread of the blocking calls
  Group group_;
  ConsumerFigures figures_;
  TopicWatch topic_watch_;
  Resubscription resubscription_;
  StaticMember member_;
  std::atomic<bool> has_topic_{false};
  std::shared_ptr<Closing> closing_;  ///< from start() on, until it has stopped
  log::Repeated error_log_;
};

}  // namespace mombridge::kafka
