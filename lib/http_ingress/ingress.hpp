#pragma once
// The listener for the service beside the bridge: it takes messages over HTTP, on a thread of its own, and publishes
// them through the bridge's brokers. Not to be mistaken for routing::Ingress, by which brokers hand in deliveries.

#include <memory>
#include <string>

#include "admin/status.hpp"
#include "base/event_loop.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "handler/publisher.hpp"
#include "http_ingress/counts.hpp"
#include "http_ingress/listener.hpp"
#include "http_ingress/requests.hpp"

namespace mombridge::http_ingress {

/// [the main thread] All of it, but where it says otherwise. Life: listen, start, use*, drain, stop.
class Ingress {
 public:
  /// Binds the listener of the configuration, which has an ingress; nobody is answered yet. Fails with the place of the
  /// key that names it. `find_broker` and
  /// `make_client` are called on the listener's thread.
  static Result<std::unique_ptr<Ingress>> listen(const std::shared_ptr<const config::Config>& config,
                                                 handler::FindBroker find_broker, MakeClient make_client);
  ~Ingress() { stop(); }
  Ingress(const Ingress&) = delete;
  Ingress& operator=(const Ingress&) = delete;

  /// Answers from now on. Fails where no thread can be made.
  [[nodiscard]] Result<> start();
  /// Goes by this configuration from now on, which differs so from the former one, but for where it listens. One
  /// without an ingress is left alone.
  void use(const std::shared_ptr<const config::Config>& config, const topology::Difference& difference);
  /// It listens where this configuration says, or the configuration has no ingress and nothing listens.
  [[nodiscard]] static bool listens_by(const Ingress* ingress, const config::Config& config);
  /// Takes nothing more: what comes is answered with 503. What is open goes on.
  void drain();
  /// [any thread] Requests that wait for their answers.
  [[nodiscard]] size_t open() const { return requests_.open(); }
  /// Answers what is still open, and ends all connections. The brokers have stopped: they have nothing of it any more.
  void stop();

  [[nodiscard]] admin::Status::Ingress status() const;
  [[nodiscard]] const EventLoop& loop() const { return loop_; }

 private:
  Ingress(const std::shared_ptr<const config::Config>& config, admin::ListeningSocket socket,
          handler::FindBroker find_broker, MakeClient make_client);

  const config::Listen listen_;
  EventLoop loop_{"ingress"};
  Counts counts_;
  Requests requests_;
  Listener listener_;  ///< ends before the requests, of which its connections have parts
  bool started_ = false;
};

}  // namespace mombridge::http_ingress
