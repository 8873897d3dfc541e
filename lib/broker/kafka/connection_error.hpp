#pragma once
// Why a client does not reach its cluster, in words that say what to mend.

#include <string>
#include <string_view>

#include <librdkafka/rdkafka.h>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "broker/kafka/login.hpp"
#include "broker/kafka/login_error.hpp"

namespace mombridge::kafka {

/// The last reason that a client gave. One that says what to mend is kept until the cluster is reached, because the
/// client's later errors are vaguer ("all brokers are down"). For the thread that serves the client's events.
class ConnectionError {
 public:
  explicit ConnectionError(const Settings& settings) : servers_(settings.bootstrap_servers), login_(settings) {}

  /// Takes in an error event of the client. Returns false if it is not about a connection. A client that make_client()
  /// has not made may be null: nothing is known of its brokers' certificates.
  bool note(const rd_kafka_t* client, rd_kafka_resp_err_t code, std::string_view text);
  /// The reason; `otherwise` where the client has given none.
  [[nodiscard]] const std::string& reason(const std::string& otherwise) const;
  [[nodiscard]] bool says_what_to_mend() const { return clear_words_; }
  /// Returns true if all that is known is that connections were closed which had worked, as brokers do with those that
  /// are idle for long. Source: Kafka's connections.max.idle.ms.
  [[nodiscard]] bool only_closed() const { return only_closed_; }
  /// Returns true if a broker did not let the client in, or the client did not trust it: trying again at once cannot
  /// help, because somebody must mend it first.
  [[nodiscard]] bool refused() const { return refused_; }
  /// The cluster is reached, or there is another client.
  void clear();

 private:
  [[nodiscard]] LoginError login_error(const rd_kafka_t* client, std::string_view text) const;

  const std::string servers_;
  const Login login_;
  std::string reason_;
  bool clear_words_ = false;  ///< it says what to mend
  bool only_closed_ = true;
  bool refused_ = false;
};

/// What librdkafka's error about one connection is about, as "HOST:PORT/ID: what (after 3ms in state CONNECT)".
struct ConnectionParts {
  std::string_view server;  ///< host:port; empty: the error is about something else
  std::string_view what;    ///< without what changes from time to time
  bool bootstrap = true;    ///< the address is from the configuration, not from the cluster
};
ConnectionParts connection_parts(std::string_view text);

/// What to say for it where the brokers' addresses or ports are wrong. Empty: nothing better than what the client says.
std::string explain_connection(std::string_view text, std::string_view servers);

/// Asks the cluster something, so that "connected" is true: the brokers' names for themselves count, because all work
/// goes to those. Fails where none of them answers in time. Blocks for some seconds at most.
Result<> ask_reachable(rd_kafka_t* client, const std::string& servers, TimePoint deadline);

/// The same, again and again until the cluster is reached, its time is over, or a broker refuses the client; the error
/// is the client's own reason. For a client whose events nobody else takes.
Result<> await_reachable(rd_kafka_t* client, const Settings& settings, TimePoint deadline);

}  // namespace mombridge::kafka
