#pragma once
// Records that the broker refused as too large go once more, compressed. What a producer that compresses got into a
// topic must get out of it again into a topic with the same limits, and compressing every record, for the few that need
// it, would cost each of them. librdkafka has one compression a topic and client, so this has a client of its own.

#include <memory>
#include <string>

#include "base/counters.hpp"
#include "base/log.hpp"
#include "broker/kafka/producer_client.hpp"

namespace mombridge::kafka {

/// [the producer's loop, but for end(), which may also come once that has ended]
class CompressedRetry {
 public:
  /// The loop outlives this.
  CompressedRetry(std::string broker, std::shared_ptr<const Settings> settings, EventLoop& loop);
  ~CompressedRetry() { end(Duration::zero()); }

  /// Sends it again, alone in its batch, and completes it. The client is made for the first one, and kept.
  void send(Publication& publication);
  [[nodiscard]] bool empty() const { return !client_ || client_.records() == 0; }
  /// Ends the client, as ProducerClient::end(). What it had not delivered is completed as `away`.
  void end(Duration patience);

 private:
  [[nodiscard]] bool ready();
  void poll();
  void reported(Publication& publication, rd_kafka_resp_err_t code);

  const std::string broker_;
  const std::shared_ptr<const Settings> settings_;
  ProducerClient client_;
  Counter& sent_ = counter("records_sent_compressed");
  log::Repeated sent_log_, error_log_;
};

}  // namespace mombridge::kafka
