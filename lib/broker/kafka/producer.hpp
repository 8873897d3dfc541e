#pragma once
// The client that produces: on the caller's thread, as long as that keeps the order; a publication is done when its
// delivery report says so.

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "base/gate.hpp"
#include "base/log.hpp"
#include "broker/blocking_calls.hpp"
#include "broker/kafka/backlog.hpp"
#include "broker/kafka/batch_bisect.hpp"
#include "broker/kafka/cluster_link.hpp"
#include "broker/kafka/compressed_retry.hpp"
#include "broker/kafka/producer_client.hpp"
#include "broker/kafka/unknown_topics.hpp"
#include "message/publication.hpp"

namespace mombridge::kafka {

class Producer final {
 public:
  /// The calls outlive this.
  Producer(const std::string& broker, std::shared_ptr<const Settings> settings, BlockingCalls& calls);
  ~Producer();

  /// `connect`: at once; else with the first token_changed().
  void start(bool connect);
  /// [any thread, between start() and begin_stop()] There is another token, or it is known that there is none yet.
  void token_changed() {
    loop_.post([this] { cluster_.retry(); });
  }
  /// [any thread] As Broker::publish().
  void publish(Publication& publication) noexcept;
  /// [any thread but the loop's] As Broker::stop(), in two steps, so that several can stop at the same time: the second
  /// completes what is still here as `away`, and returns at about `deadline` at the latest.
  void begin_stop();
  void finish_stop(TimePoint deadline);

  [[nodiscard]] LinkStatus status() const { return cluster_.status(); }
  [[nodiscard]] bool up() const noexcept { return cluster_.up(); }
  [[nodiscard]] const EventLoop& loop() const { return loop_; }

 private:
  enum class Sent { taken, refused, full, unknown };
  struct Stopping {
    std::promise<void> idle;
    bool away = false;  ///< the cluster could not be reached when it began
  };

  void open();
  Result<> make();
  void lost(const std::string& otherwise);
  void fail_client(const std::string& why, Duration at_least = Duration::zero());
  void fatal();
  void end_client(Duration patience);
  void resend_returned();
  Duration serve();
  bool serve_client();
  void handle_error(rd_kafka_event_t* event);
  [[nodiscard]] bool idle() const;

  Sent produce(Publication& publication);
  Sent not_taken(Publication& publication, rd_kafka_resp_err_t code);
  void queue(Publication& publication) noexcept;
  void drain();
  void reports(rd_kafka_event_t* event);
  void failed(const ProducedRecord& record, rd_kafka_resp_err_t code);
  void narrow();
  void widen();

  const std::string broker_;
  const std::shared_ptr<const Settings> settings_;
  EventLoop loop_;
  BlockingCaller caller_;
  ClusterLink cluster_;
  std::shared_ptr<Stopping> stopping_;   ///< from start() on, until it has stopped
  std::shared_ptr<Stopping> tell_idle_;  ///< [loop] waits until nothing is here any more
  log::Repeated error_log_;

  Gate direct_{false};  ///< callers are inside while they use the client; closed while there is none
  ProducerClient client_;
  Backlog backlog_;  ///< while it is not empty, callers queue behind

  UnknownTopics unknown_;  ///< what the client did not know the topic or partition of
  CompressedRetry compressed_;
  std::vector<ProducedRecord> returned_;  ///< by a client that failed, or of a batch that was refused
  BatchBisect bisect_;  ///< callers ask it while they are inside direct_, which is closed while it is at work
};

}  // namespace mombridge::kafka
