#pragma once
// One section under `handlers:`: a plugin with its configuration, its threads and its open requests.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/counters.hpp"
#include "base/event_loop.hpp"
#include "base/gate.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "handler/handler.hpp"
#include "handler/plugin_messages.hpp"
#include "handler/requests.hpp"
#include "mombridge/handler.h"

namespace mombridge {
class Broker;
}

namespace mombridge::handler {

/// Where a plugin's publish() goes.
struct Outlet {
  Broker* broker = nullptr;  ///< null: unknown
  const config::BrokerSettings* settings = nullptr;
};

/// Finds the broker that a plugin names in publish(). [any thread]
using FindBroker = std::function<Outlet(const std::string&)>;

/// Life: load, start, handle*, stop. Shared, so that a plugin that does not return from handle() can keep its own when
/// everything else goes.
class Instance final : public Handler, public std::enable_shared_from_this<Instance> {
 public:
  /// Opens the plugin and lets it read its configuration. Time-outs run on `timers`.
  static Result<std::shared_ptr<Instance>> load(const config::Handler& config, EventLoop* timers);
  ~Instance() override;

  Result<> start(FindBroker find_broker);
  void handle(Call& call) noexcept override;
  /// Takes nothing more and gives back what waits. The threads end when the plugin returns.
  void stop_taking();
  /// The same, joins the threads and gives back what is open. A plugin that has not returned from handle() or stop()
  /// after `patience` is left behind with its thread, and said so. Once is enough.
  void stop(Duration patience);

  [[nodiscard]] const std::string& name() const { return config_.name; }
  /// After stop(): a thread is still in the plugin, and reads the message that was lent to it.
  [[nodiscard]] bool left_behind() const { return left_behind_; }
  /// What the plugin published and nobody has confirmed yet.
  [[nodiscard]] uint64_t unconfirmed() const { return unconfirmed_; }

 private:
  friend struct HostCallbacks;
  struct PluginPublication;

  Instance(const config::Handler& config, const mombridge_handler* plugin, EventLoop* timers);
  void fill_host();
  void work();
  void work_on(Call& call);
  void hand_over(Requests::Finished& finished);
  Verdict verdict_of(mombridge_status status);
  template <class Function>
  mombridge_status call_plugin(Function function);
  void stop_plugin();
  bool join(Duration patience);
  void watch_deadlines();
  void breach(const char* what);
  Counter& plugin_counter(std::string_view name);

  const config::Handler config_;
  const mombridge_handler* plugin_;
  EventLoop* timers_;
  FindBroker find_broker_;
  mombridge_host host_{};
  void* self_ = nullptr;
  bool created_ = false, stopped_ = false;

  Requests requests_;
  PluginMessages messages_{config_.name};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Call*> waiting_;
  std::vector<std::thread> threads_;
  unsigned working_ = 0;  ///< threads that have not ended
  bool stopping_ = false;
  std::atomic<bool> accepts_publish_{false};
  std::atomic<bool> watching_{false};
  std::atomic<bool> left_behind_{false};
  Gate outward_;  ///< closed at the end of stop(): brokers and calls may go then
  std::atomic<uint64_t> unconfirmed_{0};
  Counter& timeouts_ = counter("handler_timeouts", config_.name);
  Counter& breaches_ = counter("handler_contract_breaches", config_.name);
  Counter& publish_failures_ = counter("handler_publish_failures", config_.name);
  std::mutex counters_mutex_;
  std::map<std::string, Counter*, std::less<>> counters_;  ///< the plugin's own
  log::Repeated breach_log_, stuck_log_, publish_log_;
};

}  // namespace mombridge::handler
