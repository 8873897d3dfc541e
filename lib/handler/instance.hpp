#pragma once
// A handler that was loaded, for as long as a configuration needs it.

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "handler/ordered_calls.hpp"
#include "handler/runner.hpp"

namespace mombridge::handler {

/// Belongs to all registries that have it: a handler that a new configuration leaves as it is goes on. One thread at a
/// time calls everything here. Dropping it stops and closes the handler.
class Instance {
 public:
  /// Opens the plugin and lets it read its configuration.
  static Result<std::shared_ptr<Instance>> load(const config::Handler& config, EventLoop* timers);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  /// Does nothing where it was started already.
  Result<> start(const FindBroker& find_broker);
  /// As Runner's.
  void stop(Duration patience);
  void close(Duration patience);

  [[nodiscard]] Runner& runner() const { return *runner_; }
  /// Where calls go: the runner, or what keeps their order in front of it.
  [[nodiscard]] Handler& handler() const { return ordered_ ? static_cast<Handler&>(*ordered_) : *runner_; }
  [[nodiscard]] config::Isolation isolation() const { return isolation_; }
  /// The plugin's file is not the one that was loaded. The bridge cannot load a plugin anew that it has once loaded
  /// into its own process; a new instance in a worker process has the new file.
  [[nodiscard]] bool replaced_on_disk() const;

  /// [any thread] One that was dropped did not come back, as Runner::left_behind().
  static bool any_left_behind();

 private:
  Instance(std::shared_ptr<Runner> runner, std::string loaded, const config::Handler& config);

  const std::shared_ptr<Runner> runner_;
  const std::shared_ptr<OrderedCalls> ordered_;  ///< null: calls need no order
  const config::Isolation isolation_;
  const std::string file_;
  const std::string loaded_;  ///< which file it was
  bool started_ = false, stopped_ = false, closed_ = false;
};

}  // namespace mombridge::handler
