#pragma once
// Whether one client reaches its cluster: connected, lost, tried again, shown as a link.

#include <functional>
#include <string>
#include <string_view>

#include "broker/blocking_calls.hpp"
#include "broker/kafka/client_end.hpp"
#include "broker/kafka/connection_error.hpp"
#include "broker/supervisor.hpp"

namespace mombridge::kafka {

/// For the loop's thread, but for status() and up().
class ClusterLink {
 public:
  /// `open` as for a Supervisor: begins one attempt, which ends with reached() or failed(). Loop and calls outlive
  /// this.
  ClusterLink(EventLoop& loop, BlockingCalls& calls, const std::string& broker, const std::string& link,
              const Settings& settings, std::function<void()> open,
              LinkStatus::Role role = LinkStatus::Role::subscription);

  void start() {
    started_ = true;
    supervisor_.start();
  }
  /// As Supervisor::retry(), and start() where it was not called yet.
  void retry() { started_ ? supervisor_.retry() : start(); }
  /// No further attempts.
  void stop();

  /// The cluster has answered.
  void reached();
  [[nodiscard]] bool is_reached() const { return reached_; }
  /// The attempt failed, or the client did. As Supervisor::failed().
  void failed(const Error& error, Duration at_least = Duration::zero());
  /// The cluster cannot be reached: for the reason that the client gave last, or where it has given none, `otherwise`.
  void lost(const std::string& otherwise);
  /// The cluster closed the connections, as brokers do with those that are idle for long: asks whether it is there, and
  /// is lost only if it does not answer.
  void doubt(const SharedClient& client);
  [[nodiscard]] bool in_doubt() const { return !caller_.idle(); }
  /// There is no client any more, which says nothing of the cluster.
  void forget();

  /// Takes in an error event of the client. Returns false if it is not about a connection.
  bool note(const rd_kafka_t* client, rd_kafka_resp_err_t code, std::string_view text) {
    return error_.note(client, code, text);
  }
  [[nodiscard]] const ConnectionError& error() const { return error_; }

  /// [any thread]
  [[nodiscard]] LinkStatus status() const { return supervisor_.status(); }
  [[nodiscard]] bool up() const noexcept { return supervisor_.up(); }

 private:
  void end_doubt();
  void down();

  const std::string broker_;
  const std::string servers_;
  Supervisor supervisor_;
  BlockingCaller caller_;
  ConnectionError error_;
  bool started_ = false;
  bool reached_ = false;
};

}  // namespace mombridge::kafka
