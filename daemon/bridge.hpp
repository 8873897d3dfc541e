#pragma once
// The composition root: builds everything in order, owns it, changes it, drains it and stops it in reverse.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "admin/status.hpp"
#include "base/event_loop.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "config/diagnostics.hpp"
#include "daemon/stall_watch.hpp"
#include "http_ingress/ingress.hpp"
#include "routing/router.hpp"
#include "topology/broker_set.hpp"
#include "topology/difference.hpp"
#include "topology/snapshot.hpp"

namespace mombridge {

/// Lives on the thread of `loop`, on which waits of failed messages run too.
class Bridge {
 public:
  /// `written`: what the parts of the configuration say; only change_to() looks at it.
  Bridge(std::shared_ptr<const config::Config> config, EventLoop& loop, config::Written written = {});
  ~Bridge();

  /// Binds what the configuration wants to be taken over HTTP, if it does; nobody is answered before start(). Fails
  /// with the place of the key that names it.
  Result<> listen();
  /// Loads the handlers and starts everything. Returns before any broker is connected. Fails where a handler cannot be
  /// loaded, configured or started, or a route cannot be compiled.
  Result<> start();

  /// After start(): goes on with this configuration, which was checked. What it leaves as it is keeps its connections;
  /// messages on their way finish by the former one. Where a handler cannot be loaded or started, or a route cannot be
  /// compiled, that is added to `diagnostics` and nothing has changed. Returns what has changed.
  topology::Difference change_to(const std::shared_ptr<const config::Config>& config, config::Written written,
                                 config::Diagnostics& diagnostics);

  /// Stops taking messages, waits until those in flight are settled and what handlers published is confirmed, or
  /// `patience` is over, then stops everything and calls `done` with the number that was not settled. May be called
  /// again with a shorter patience.
  void drain(Duration patience, std::function<void(uint64_t unsettled)> done);
  [[nodiscard]] bool draining() const { return life_ >= Life::draining; }

  /// [after start()] The sources of the section, which is one of the configuration, take nothing until
  /// resume_section(), also after change_to() where the new configuration has it. Returns false if that is so already.
  bool drain_section(const topology::Section& section);
  /// Returns false if it was not drained.
  bool resume_section(const topology::Section& section);
  [[nodiscard]] bool drained(const topology::Section& section) const;
  /// What is not settled of what came through the sources of the section.
  [[nodiscard]] std::vector<routing::InFlight> in_flight(const topology::Section& section) const;

  /// After drain(): a handler did not come back. Its thread still reads the message that it was lent, so that neither
  /// may the process run its destructors.
  [[nodiscard]] bool left_behind() const { return left_behind_; }

  /// The present one.
  [[nodiscard]] const config::Config& config() const { return *config_; }
  /// It is taken over HTTP where the present configuration says.
  [[nodiscard]] bool listens_as_configured() const {
    return http_ingress::Ingress::listens_by(ingress_.get(), *config_);
  }
  /// Handlers of that isolation whose plugin's file was replaced since it was loaded. change_to() loads those anew that
  /// have processes of their own.
  [[nodiscard]] std::vector<std::string> replaced_plugins(config::Isolation isolation) const {
    return snapshot_->handlers().replaced_on_disk(isolation);
  }
  /// For people, why the process should be started anew; empty: it is live. A loop does not come back to its sleep, or
  /// no thread of a handler comes back from its plugin.
  [[nodiscard]] std::string not_live() const;
  /// Every link of every broker, and the sources that make no progress.
  [[nodiscard]] std::vector<NamedLink> status() const;
  /// [after start()] All that an operator may want to know. `wants_figures` as Observation's.
  [[nodiscard]] admin::Status observe(const admin::Status::Load& config, bool wants_figures = false) const;

 private:
  enum class Life { made, running, draining, ended };

  void use(const std::shared_ptr<const config::Config>& config, const topology::Difference& difference,
           config::Diagnostics& diagnostics);
  void watch_stalls();
  void wait_drained();
  void finish(uint64_t unsettled);

  std::shared_ptr<const config::Config> config_;
  config::Written written_;
  EventLoop& loop_;
  std::shared_ptr<topology::Retired> retired_;
  std::shared_ptr<const topology::Snapshot> snapshot_;  ///< null before start()
  routing::Router router_;
  topology::BrokerSet brokers_;
  StallWatch stalls_;
  std::unique_ptr<http_ingress::Ingress> ingress_;  ///< null: the configuration had none at the start
  Life life_ = Life::made;
  bool left_behind_ = false;
  TimePoint drain_deadline_{};
  EventLoop::TimerId stall_timer_ = 0, drain_timer_ = 0;
  std::function<void(uint64_t)> drained_;
};

}  // namespace mombridge
