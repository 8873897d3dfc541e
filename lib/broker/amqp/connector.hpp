#pragma once
// From the configured endpoints to a stream that is ready for AMQP.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/event_loop.hpp"
#include "base/fd.hpp"
#include "base/result.hpp"
#include "broker/amqp/resolver.hpp"
#include "broker/amqp/settings.hpp"
#include "broker/amqp/transport.hpp"

namespace mombridge::amqp {

/// The one place where transports are made: of the kind that the endpoint asks for. `socket`: connected.
std::unique_ptr<Transport> make_transport(Fd socket, const Endpoint& endpoint);

/// What an attempt is made with.
struct ConnectorMeans {
  Lookup lookup = look_up;
  std::function<std::unique_ptr<Transport>(Fd socket, const Endpoint& endpoint)> transport = make_transport;
};

/// Each attempt takes the next of the endpoints, resolves its host, and tries its addresses one after the other until
/// one is connected and its transport's handshake is done. Nothing blocks the loop: a node that is dead costs its own
/// attempt's time and no other work. Belongs to the loop's thread.
///
/// The attempt as a whole has no time limit here, because the login that follows counts, too: whoever set the limit
/// calls cancel().
class Connector {
 public:
  using Done = std::function<void(Result<std::unique_ptr<Transport>>)>;

  /// `loop` and `settings`, which has at least one endpoint, outlive this.
  Connector(EventLoop& loop, const Settings& settings, ConnectorMeans means = {});
  ~Connector() { cancel(); }
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  /// Begins an attempt with the next endpoint; one that is under way is cancelled. `done` is called once, later.
  void begin(Done done);
  /// Ends the attempt without calling `done`.
  void cancel();

  /// The endpoint of the present attempt, or of the last one. After the first begin().
  [[nodiscard]] const Endpoint& endpoint() const { return *endpoint_; }
  /// The same as "host:port".
  [[nodiscard]] const std::string& endpoint_text() const { return endpoint_text_; }
  /// Returns true while an address is connected and its transport's handshake is not done.
  [[nodiscard]] bool in_handshake() const { return transport_ != nullptr; }
  /// Why the last address that failed in this attempt did so; empty: none has failed, or another one is connected.
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  void resolved(Result<std::vector<Address>> addresses);
  void try_next_address();
  void address_failed(std::string why);
  void give_each_address_its_time();
  void socket_event();
  void shake_hands();
  void drop_socket();
  void finish(Result<std::unique_ptr<Transport>> result);

  EventLoop& loop_;
  const Settings& settings_;
  const ConnectorMeans means_;
  Done done_;
  size_t next_endpoint_ = 0;
  const Endpoint* endpoint_ = nullptr;
  std::string endpoint_text_;
  std::unique_ptr<Resolution> resolution_;
  std::vector<Address> addresses_;
  size_t next_address_ = 0;
  std::string error_;
  Fd socket_;                             ///< while it is being connected
  std::unique_ptr<Transport> transport_;  ///< from then on
  int watched_ = -1;
  EventLoop::TimerId address_deadline_ = 0;
};

}  // namespace mombridge::amqp
