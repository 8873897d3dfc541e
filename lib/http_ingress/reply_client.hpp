#pragma once
// A connection of the ingress's own to one broker: requests are published through it, and their replies come back to an
// address of its own. So a reply finds the process whose HTTP client waits for it, whatever replicas there are.

#include <functional>
#include <memory>
#include <string>

#include "base/event_loop.hpp"
#include "broker/broker.hpp"
#include "config/config.hpp"
#include "config/kind_reader.hpp"
#include "handler/publisher.hpp"

namespace mombridge::http_ingress {

/// A broker for a client that only sends, with the settings that it was made from. Null: nobody can connect to that
/// kind from outside.
struct MadeClient {
  std::unique_ptr<Broker> broker;
  std::shared_ptr<const config::BrokerSettings> settings;
};
using MakeClient = std::function<MadeClient(const config::BrokerSection&, const config::ClientOptions&)>;

/// [loop] All of it, but where it says otherwise. Shared by the publications on their way through it.
class ReplyClient final : public std::enable_shared_from_this<ReplyClient>, private Sink {
 public:
  using Replied = std::function<void(const Message& reply)>;

  /// Begins to connect. `loop` outlives this; `replied` is called on its thread.
  static std::shared_ptr<ReplyClient> start(EventLoop& loop, MadeClient made, Replied replied);

  /// Where a request is published.
  [[nodiscard]] handler::Outlet outlet();
  /// Where its reply goes.
  [[nodiscard]] const std::string& reply_address() const { return settings_->reply_address; }
  /// Why a request cannot be sent now, because a reply must not come before somebody listens; empty: it can.
  [[nodiscard]] std::string why_not() const;
  /// [any thread] Nothing comes back any more, and what is not confirmed is given up. Blocks for a moment.
  void stop();

 private:
  ReplyClient(EventLoop& loop, MadeClient made, Replied replied)
      : loop_(loop),
        settings_(std::move(made.settings)),
        replied_(std::move(replied)),
        broker_(std::move(made.broker)) {}

  void receive(DeliveryHandle delivery) noexcept override;

  EventLoop& loop_;
  const std::shared_ptr<const config::BrokerSettings> settings_;
  const Replied replied_;
  const std::unique_ptr<Broker> broker_;  ///< the last: its threads use the rest
};

}  // namespace mombridge::http_ingress
