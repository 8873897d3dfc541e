#pragma once
// The composition root: builds everything in order, owns it, drains it and stops it in reverse.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/event_loop.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "daemon/stall_watch.hpp"
#include "routing/router.hpp"
#include "topology/snapshot.hpp"

namespace mombridge {

/// Lives on the thread of `loop`, on which waits of failed messages run too.
class Bridge {
 public:
  Bridge(std::shared_ptr<const config::Config> config, EventLoop& loop);
  ~Bridge();

  /// Loads the handlers and starts everything. Returns before any broker is connected. Fails where a handler cannot be
  /// loaded, configured or started, or a route cannot be compiled.
  Result<> start();

  /// Stops taking messages, waits until those in flight are settled and what handlers published is confirmed, or
  /// `patience` is over, then stops everything and calls `done` with the number that was not settled. May be called
  /// again with a shorter patience.
  void drain(Duration patience, std::function<void(uint64_t unsettled)> done);

  /// After drain(): a handler did not come back. Its thread still reads the message that it was lent, so that neither
  /// may the process run its destructors.
  [[nodiscard]] bool left_behind() const { return left_behind_; }

  /// The longest that any loop of the bridge has not come back to its sleep, for the watchdog.
  [[nodiscard]] Duration longest_stall() const;
  /// Every link of every broker, and the sources that make no progress.
  [[nodiscard]] std::vector<NamedLink> status() const;

 private:
  [[nodiscard]] Result<> build();
  [[nodiscard]] std::vector<NamedLink> links() const;
  void watch_stalls();
  void wait_drained();
  void finish(uint64_t unsettled);

  std::shared_ptr<const config::Config> config_;
  EventLoop& loop_;
  std::shared_ptr<topology::Retired> retired_;
  std::shared_ptr<const topology::Snapshot> snapshot_;  ///< null before start()
  routing::Router router_;
  StallWatch stalls_;
  bool running_ = false, draining_ = false, left_behind_ = false;
  TimePoint drain_deadline_{};
  EventLoop::TimerId stall_timer_ = 0, drain_timer_ = 0;
  std::function<void(uint64_t)> drained_;
};

}  // namespace mombridge
