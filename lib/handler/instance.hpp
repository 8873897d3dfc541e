#pragma once
// One section under `handlers:`: a plugin with its configuration, its threads and its open requests.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/event_loop.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "handler/handler.hpp"
#include "handler/requests.hpp"
#include "mombridge/handler.h"

namespace mombridge {
class Broker;
}

namespace mombridge::handler {

/// Finds the broker that a plugin names in publish(); null: unknown. [any thread]
using FindBroker = std::function<Broker*(const std::string&)>;

/// Life: load, start, handle*, stop. Shared, so that a plugin that does not return from handle() can keep its own when
/// everything else goes.
class Instance final : public Handler, public std::enable_shared_from_this<Instance> {
 public:
  /// Opens the plugin and lets it read its configuration. Time-outs run on `timers`.
  static Result<std::shared_ptr<Instance>> load(const config::Handler& config, EventLoop* timers);
  ~Instance() override;

  Result<> start(FindBroker find_broker);
  void handle(Call& call) noexcept override;
  /// Takes nothing more, gives back what waits, joins the threads. A plugin that has not returned from handle() after
  /// `patience` is left behind with its thread, and said so.
  void stop(Duration patience);

  [[nodiscard]] const std::string& name() const { return config_.name; }

 private:
  friend struct HostCallbacks;
  struct PluginPublication;

  Instance(const config::Handler& config, const mombridge_handler* plugin, EventLoop* timers);
  void fill_host();
  void work();
  void work_on(Call& call);
  bool join(Duration patience);
  void give_back_waiting();
  void watch_deadlines();
  void breach(const char* what);

  const config::Handler config_;
  const mombridge_handler* plugin_;
  EventLoop* timers_;
  FindBroker find_broker_;
  mombridge_host host_{};
  void* self_ = nullptr;
  bool created_ = false, started_ = false;

  Requests requests_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Call*> waiting_;
  std::vector<std::thread> threads_;
  unsigned working_ = 0;  ///< threads that have not ended
  bool stopping_ = false;
  std::atomic<bool> accepts_publish_{false};
  std::atomic<bool> watching_{false};
  std::atomic<bool> left_behind_{false};  ///< its calls belong to nobody any longer
  std::atomic<uint64_t> unconfirmed_{0};
  log::Repeated breach_log_, stuck_log_, publish_log_;
};

}  // namespace mombridge::handler
