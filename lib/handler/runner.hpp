#pragma once
// The interface behind which a handler's plugin runs, wherever it does.

#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/event_loop.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "handler/handler.hpp"
#include "handler/publisher.hpp"
#include "handler/runner_status.hpp"

namespace mombridge::handler {

/// One section under `handlers:`. Life: made, start, handle*, stop_taking, stop, close. Shared, so that a plugin that
/// does not come back can keep its own when everything else goes. All but handle() are called by one thread.
class Runner : public Handler {
 public:
  /// Starts the plugin. What it publishes goes where `find_broker` says.
  virtual Result<> start(FindBroker find_broker) = 0;
  /// Takes nothing more and gives back what waits. handle() then answers retry.
  virtual void stop_taking() = 0;
  /// The same, ends the plugin's work and gives back what is open. A plugin that has not come back after `patience` is
  /// left behind, and that is said. Once is enough.
  virtual void stop(Duration patience) = 0;
  /// Once, after the brokers have completed everything that was published: ends the plugin's callbacks.
  virtual void close(Duration patience) = 0;

  [[nodiscard]] virtual const std::string& name() const = 0;
  /// After stop() or close(): a thread is still in the plugin, and may read the message that was lent to it.
  [[nodiscard]] virtual bool left_behind() const = 0;
  /// What the plugin published and nobody has confirmed yet.
  [[nodiscard]] virtual uint64_t unconfirmed() const = 0;
  /// [any thread] Of the process that the plugin runs in; nullopt: it runs in the bridge's own.
  [[nodiscard]] virtual std::optional<WorkerStatus> worker() const { return std::nullopt; }
  /// [any thread] Of a plugin in the bridge's own process; nullopt: it runs in another.
  [[nodiscard]] virtual std::optional<ThreadsStatus> threads() const { return std::nullopt; }
};

/// Starts a worker process, opens the plugin there and lets it read its configuration. Waits for that, 10 s at the
/// most. The error names the plugin's file. A worker that ends later is started again.
Result<std::shared_ptr<Runner>> load_in_worker(const config::Handler& config);

/// Opens the plugin in this process and lets it read its configuration. Time-outs run on `timers`, which outlives the
/// runner; without (check) it is never started. The error names the plugin's file.
Result<std::shared_ptr<Runner>> load_in_process(const config::Handler& config, EventLoop* timers);

}  // namespace mombridge::handler
