#pragma once
// One client that produces, and the records that it has.

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/event_loop.hpp"
#include "broker/kafka/client.hpp"
#include "broker/kafka/client_end.hpp"
#include "broker/kafka/refusal.hpp"
#include "message/publication.hpp"

namespace mombridge::kafka {

/// A publication that a client has.
struct ProducedRecord {
  Publication* publication = nullptr;
  uint64_t number = 0;  ///< in the order of producing, across clients
  bool alone = false;   ///< no other can be in its batch
};

/// There is a client or there is none. For the loop's thread, or for one at a time while the loop does not run, but for
/// produce() and records().
class ProducerClient {
 public:
  /// Wakes the loop when there are events, and calls `on_events` there. The loop outlives this.
  ProducerClient(EventLoop& loop, std::function<void()> on_events);
  ~ProducerClient();
  ProducerClient(const ProducerClient&) = delete;
  ProducerClient& operator=(const ProducerClient&) = delete;

  /// Makes the client, which then connects by itself.
  Result<> make(const Settings& settings, const ClientProperties& properties);
  explicit operator bool() const { return client_ != nullptr; }
  [[nodiscard]] const SharedClient& shared() const { return client_; }
  [[nodiscard]] const ProducerLimits& limits() const { return limits_; }
  /// Returns true if the client has failed for good: what it fails now is no fault of the messages'.
  [[nodiscard]] bool has_failed() const;
  [[nodiscard]] rd_kafka_resp_err_t failure_code() const;
  /// "why (CODE)" of that failure.
  [[nodiscard]] std::string failure() const;

  /// [any thread, while there is a client] Gives the publication to the client, as kafka::produce() does. Where the
  /// client takes it, the publication is reported on, or comes back from end(); else it is the caller's still. `alone`:
  /// no other record can be in its batch.
  rd_kafka_resp_err_t produce(Publication& publication, int64_t time_ms, bool alone, unsigned& dropped);
  /// [any thread] How many records the client has.
  [[nodiscard]] size_t records() const;

  /// The next event; null: there is none now. RD_KAFKA_EVENT_DR is for reports().
  [[nodiscard]] Event next_event() { return Event(rd_kafka_queue_poll(events_.get(), 0)); }
  /// Calls `reported(record, code)` for each record that the event reports on; the publication is the callee's then.
  template <class Reported>
  void reports(rd_kafka_event_t* event, Reported&& reported);

  /// Ends the client: throws away what it has not sent, waits for its last reports, at most for `patience`, and returns
  /// the records on which it has not reported. When this returns the client sends nothing any more, and their bodies
  /// may be freed.
  template <class Reported>
  std::vector<ProducedRecord> end(Duration patience, Reported&& reported);

 private:
  std::shared_ptr<rd_kafka_topic_t> topic(std::string_view name);
  void give_back(const std::vector<ProducedRecord*>& slots);
  [[nodiscard]] bool has_reports() const { return rd_kafka_outq_len(client_.get()) > 0; }
  std::vector<ProducedRecord> drop();

  EventLoop& loop_;
  Signal signal_;  ///< outlives the queue
  SharedClient client_;
  Queue events_;
  ProducerLimits limits_;
  std::vector<ProducedRecord*> reported_;  ///< of the event at hand

  mutable std::mutex mutex_;          ///< guards what follows
  std::deque<ProducedRecord> slots_;  ///< the client points to them
  std::vector<ProducedRecord*> free_;
  uint64_t next_number_ = 0;
  std::map<std::string, std::shared_ptr<rd_kafka_topic_t>, std::less<>> topics_;
};

template <class Reported>
void ProducerClient::reports(rd_kafka_event_t* event, Reported&& reported) {
  while (auto* message = rd_kafka_event_message_next(event)) {
    auto* slot = static_cast<ProducedRecord*>(message->_private);
    auto record = std::exchange(*slot, {});
    reported(record, message->err);
    reported_.push_back(slot);
  }
  give_back(reported_);
  reported_.clear();
}

template <class Reported>
std::vector<ProducedRecord> ProducerClient::end(Duration patience, Reported&& reported) {
  if (!client_) return {};
  // Without waiting for the client's threads, of which one may hang: looking up a name, for one.
  rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
  constexpr int kPollMs = 50;
  for (auto deadline = Clock::now() + patience; has_reports() && Clock::now() < deadline;) {
    Event event(rd_kafka_queue_poll(events_.get(), milliseconds_until(deadline, kPollMs)));
    if (event && rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_DR) reports(event.get(), reported);
  }
  return drop();
}

}  // namespace mombridge::kafka
