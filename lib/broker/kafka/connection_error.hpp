#pragma once
// Why a client does not reach its cluster, in words that say what to mend.

#include <string>
#include <string_view>

#include <librdkafka/rdkafka.h>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace mombridge::kafka {

/// The last reason that a client gave. One that says what to mend is kept until the cluster is reached, because the
/// client's later errors are vaguer ("all brokers are down"). For the thread that serves the client's events.
class ConnectionError {
 public:
  /// `servers` as in `bootstrap_servers`; outlives this.
  explicit ConnectionError(const std::string& servers) : servers_(servers) {}

  /// Takes in an error event. Returns false if it is not about a connection.
  bool note(rd_kafka_resp_err_t code, std::string_view text);
  /// The reason; `otherwise` where the client has given none.
  [[nodiscard]] const std::string& reason(const std::string& otherwise) const;
  [[nodiscard]] bool says_what_to_mend() const { return clear_words_; }
  /// Returns true if all that is known is that connections were closed which had worked, as brokers do with those that
  /// are idle for long. Source: Kafka's connections.max.idle.ms.
  [[nodiscard]] bool only_closed() const { return only_closed_; }
  /// The cluster is reached.
  void clear();

 private:
  const std::string& servers_;
  std::string reason_;
  bool clear_words_ = false;  ///< it says what to mend
  bool only_closed_ = true;
};

/// What to say for librdkafka's error about one connection, as "HOST:PORT/ID: what (after 3ms in state CONNECT)".
/// Empty: nothing better than what the client says.
std::string explain_connection(std::string_view text, std::string_view servers);

/// Asks the cluster something, so that "connected" is true: the brokers' names for themselves count, because all work
/// goes to those. Fails where none of them answers in time. Blocks for some seconds at most.
Result<> ask_reachable(rd_kafka_t* client, const std::string& servers, TimePoint deadline);

}  // namespace mombridge::kafka
