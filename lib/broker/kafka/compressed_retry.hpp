#pragma once
// Records that the broker refused as too large go once more, compressed. What a producer that compresses got into a
// topic must get out of it again into a topic with the same limits, and compressing every record, for the few that need
// it, would cost each of them. librdkafka has one compression a topic and client, so this has a client of its own.

#include <string>
#include <unordered_set>

#include "base/counters.hpp"
#include "base/event_loop.hpp"
#include "base/log.hpp"
#include "broker/kafka/client.hpp"
#include "broker/kafka/refusal.hpp"
#include "message/publication.hpp"

namespace mombridge::kafka {

/// [the producer's loop, but for end(), which may also come once that has ended]
class CompressedRetry {
 public:
  /// Settings and loop outlive this.
  CompressedRetry(const std::string& broker, const Settings& settings, EventLoop& loop);
  ~CompressedRetry() { end(); }

  /// Before the loop starts.
  void start();
  /// Sends it again, alone in its batch, and completes it. The client is made for the first one, and kept.
  void send(Publication& publication);
  [[nodiscard]] bool empty() const { return under_way_.empty(); }
  /// Ends the client. What it had not delivered is completed as `away`.
  void end();

 private:
  [[nodiscard]] bool ready();
  void poll();
  void reports(rd_kafka_event_t* event);
  void done(Publication& publication, rd_kafka_resp_err_t code);

  const std::string broker_;
  const Settings& settings_;
  EventLoop& loop_;
  Signal signal_;
  Client client_;
  Queue events_;
  std::unordered_set<Publication*> under_way_;
  ProducerLimits limits_;
  Counter& sent_ = counter("records_sent_compressed");
  log::Repeated line_, error_line_;
};

}  // namespace mombridge::kafka
