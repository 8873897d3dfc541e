#pragma once
// The login of a connection, from the protocol header to connection.open-ok.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/buffer.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "broker/amqp/methods.hpp"
#include "broker/amqp/settings.hpp"

namespace mombridge::amqp {

/// What the bridge says at a login, given what the server says. Takes bytes and gives bytes; knows neither socket nor
/// time. One per connection, used for each of its logins.
class Handshake {
 public:
  enum class Stage : uint8_t {
    greeting,  ///< the protocol header is sent, connection.start must come
    tuning,    ///< who we are is sent, connection.tune must come
    opening,   ///< the vhost is asked for, connection.open-ok must come
    done,
  };
  /// What is known of the server, and what was agreed with it.
  struct Agreed {
    std::string server;         ///< "RabbitMQ 3.10.8"
    unsigned server_major = 0;  ///< of its version; 0: not known
    size_t frame_max;           ///< bytes of a whole frame, both ways
    uint16_t channel_max = 0;   ///< the highest channel number that may be opened
    Duration heartbeat{};       ///< zero: none
  };

  /// `role` ("publisher", "queue orders") stands beside the application's name in the broker's list of connections.
  /// `settings` outlives this.
  Handshake(const Settings& settings, std::string role);

  /// Begins a login at `endpoint`, which outlives it, with the token instead of the endpoint's password where there is
  /// one. Appends what is to be sent first.
  void begin(const Endpoint& endpoint, Buffer& out, std::optional<Secret> token = std::nullopt);
  /// A method of channel 0 that belongs to a login: start, tune or open-ok. Appends the answer. An error ends the
  /// connection.
  Result<> take(amqp_method_number_t id, std::string_view arguments, Buffer& out);

  [[nodiscard]] Stage stage() const { return stage_; }
  [[nodiscard]] const Agreed& agreed() const { return agreed_; }

 private:
  Result<> start(std::string_view arguments, Buffer& out);
  Result<> start_ok(Buffer& out) const;
  /// What the mechanism has to say. Reads the password anew.
  [[nodiscard]] std::string response() const;
  Result<> tune(std::string_view arguments, Buffer& out);

  const Settings& settings_;
  const std::string role_;
  const Endpoint* endpoint_ = nullptr;
  std::optional<Secret> token_;
  Stage stage_ = Stage::greeting;
  Agreed agreed_;
};

}  // namespace mombridge::amqp
