#pragma once
// One broker that runs, with where it hands in its deliveries.

#include <memory>
#include <string>
#include <vector>

#include "broker/broker.hpp"
#include "config/config.hpp"
#include "routing/ingress.hpp"
#include "routing/router.hpp"

namespace mombridge::topology {

/// Shared by the snapshots that have it. Its ingresses stay as long as it does, or until they are idle. For the main
/// thread, also its end.
class RunningBroker {
 public:
  /// `one_at_a_time` as BrokerKind's.
  RunningBroker(std::unique_ptr<Broker> broker, const config::BrokerSection& section, bool one_at_a_time)
      : settings_(section.settings), one_at_a_time_(one_at_a_time), broker_(std::move(broker)) {}

  [[nodiscard]] Broker& broker() const { return *broker_; }
  [[nodiscard]] const std::string& name() const { return broker_->name(); }
  /// [any thread] Those that it was made with: its subscriptions may be others by now.
  [[nodiscard]] const std::shared_ptr<const config::BrokerSettings>& settings() const { return settings_; }
  [[nodiscard]] bool started() const { return started_; }
  [[nodiscard]] bool one_at_a_time() const { return one_at_a_time_; }
  /// Returns true if it runs, and can change its subscriptions to those of `settings`; see Resubscribing.
  [[nodiscard]] bool can_resubscribe(const config::BrokerSettings& settings) const;

  /// As Pausing's, also before start(). A broker of a kind that cannot goes on.
  void pause(const std::vector<bool>& paused);
  /// Deliveries go to the router's ingress of its name from now on.
  void start(routing::Router& router);
  /// The router's ingress of its name is another one from now on; the former one is kept until it is idle.
  void release(routing::Router& router);
  /// Deliveries of released ingresses that are tried again go by this table. Null: by no other than they do.
  void released_go_by(const std::shared_ptr<const routing::RouteTable>& table);
  /// Lets go of released ingresses without deliveries. Returns whether none is left.
  bool drop_idle();
  /// As Resubscribing's, with the router's ingress of its name, which is a new one. Only where it can.
  void resubscribe(const std::shared_ptr<const config::BrokerSettings>& settings, routing::Router& router,
                   const std::vector<bool>& paused);

  /// Of the released ingresses.
  [[nodiscard]] uint64_t released_in_flight() const;
  [[nodiscard]] uint64_t released_held() const;

 private:
  const std::shared_ptr<const config::BrokerSettings> settings_;
  std::vector<std::shared_ptr<routing::Ingress>> released_;
  std::vector<bool> paused_;
  const bool one_at_a_time_;
  bool started_ = false;
  const std::unique_ptr<Broker> broker_;  ///< ends first
};

}  // namespace mombridge::topology
