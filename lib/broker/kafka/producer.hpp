#pragma once
// The client that produces: on the caller's thread, as long as that keeps the order; a publication is done when its
// delivery report says so.

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/counters.hpp"
#include "base/gate.hpp"
#include "base/inbox.hpp"
#include "base/log.hpp"
#include "broker/kafka/asker.hpp"
#include "broker/kafka/batch_bisect.hpp"
#include "broker/kafka/client.hpp"
#include "broker/kafka/compressed_retry.hpp"
#include "broker/kafka/connection_error.hpp"
#include "broker/kafka/refusal.hpp"
#include "broker/kafka/unknown_topics.hpp"
#include "broker/supervisor.hpp"
#include "message/publication.hpp"

namespace mombridge::kafka {

class Producer final {
 public:
  /// The settings and the asker outlive this.
  Producer(const std::string& broker, const Settings& settings, Asker& asker);
  ~Producer();

  void start();
  /// [any thread] As Broker::publish().
  void publish(Publication& publication) noexcept;
  /// [any thread but the loop's] Completes what is still here as `away`.
  void stop(Duration patience);

  [[nodiscard]] LinkStatus status() const { return supervisor_.status(); }
  [[nodiscard]] bool up() const noexcept { return supervisor_.up(); }
  [[nodiscard]] const EventLoop& loop() const { return loop_; }

 private:
  /// A publication that the client has. The client keeps a pointer to it; slots are not freed while there is a client.
  struct Slot {
    Publication* publication = nullptr;
    uint64_t number = 0;  ///< in the order of producing
    bool alone = false;   ///< no other can be in its batch
  };
  enum class Sent { taken, refused, full, unknown };

  // producer.cpp
  void open();
  [[nodiscard]] int partitions_of(const std::string& topic) const;
  Result<> make();
  void reachable();
  void fail_client(const Error& error);
  void end_client();
  void take_again();
  Duration serve();
  bool poll_events();
  void handle_error(rd_kafka_event_t* event);
  void ask_whether_there();
  void unreachable(const std::string& otherwise);
  [[nodiscard]] bool idle();
  [[nodiscard]] size_t under_way();

  // producer_send.cpp
  Sent produce(Publication& publication);
  Sent not_taken(Publication& publication, rd_kafka_resp_err_t code);
  static Sent refuse(Publication& publication, std::string why);
  std::shared_ptr<rd_kafka_topic_t> topic(std::string_view name);
  Slot& new_slot(Publication& publication);
  void queue(Publication& publication) noexcept;
  void drain();
  void reports(rd_kafka_event_t* event);
  void failed(Slot& slot, rd_kafka_resp_err_t code);
  [[nodiscard]] bool client_failed() const;
  void narrow();
  void widen();

  const std::string broker_;
  const Settings& settings_;
  Asker& asker_;
  EventLoop loop_;
  Supervisor supervisor_;
  Signal signal_;
  bool started_ = false;
  bool reachable_ = false;
  ConnectionError connection_error_;
  Counter& dropped_;
  log::Repeated error_log_;

  Gate direct_{false};  ///< callers are inside while they use the client; closed while there is none
  Client client_;
  Queue events_;

  std::mutex mutex_;  ///< guards what follows
  std::deque<Slot> slots_;
  std::vector<Slot*> free_;
  uint64_t next_number_ = 0;
  std::map<std::string, std::shared_ptr<rd_kafka_topic_t>, std::less<>> topics_;
  std::deque<Publication*> backlog_;
  bool closed_ = false;  ///< nothing is taken any more

  /// Publications in the backlog, and the one that is being taken from it: while there are any, callers queue behind.
  std::atomic<size_t> waiting_{0};
  Inbox<Publication> suspected_;  ///< the client did not know their topic or partition

  // The loop's thread alone.
  UnknownTopics unknown_;
  CompressedRetry compressed_;
  /// Taken back, from a client that failed or of a batch that was refused, with their numbers.
  std::vector<std::pair<uint64_t, Publication*>> again_;
  bool ending_ = false;  ///< the client is being ended: what it fails is taken back
  /// Callers ask it while they are inside direct_, which is closed while it is at work.
  BatchBisect bisect_;
  ProducerLimits limits_;  ///< of the client: callers read them inside direct_
  std::vector<Slot*> done_;
  std::function<void()> on_idle_;
};

}  // namespace mombridge::kafka
