#pragma once
// A plugin that runs in the bridge's own process, on threads of its own.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "handler/breaches.hpp"
#include "handler/deadlines.hpp"
#include "handler/host.hpp"
#include "handler/plugin.hpp"
#include "handler/publisher.hpp"
#include "handler/requests.hpp"
#include "handler/runner.hpp"

namespace mombridge::handler {

class InProcess final : public Runner, public std::enable_shared_from_this<InProcess> {
 public:
  /// See load_in_process().
  static Result<std::shared_ptr<Runner>> load(const config::Handler& config, EventLoop* timers);

  Result<> start(FindBroker find_broker) override;
  void handle(Call& call) noexcept override;
  void stop_taking() override;
  void stop(Duration patience) override;
  void close(Duration patience) override;

  [[nodiscard]] const std::string& name() const override { return config_.name; }
  [[nodiscard]] bool left_behind() const override { return left_behind_; }
  [[nodiscard]] uint64_t unconfirmed() const override { return publisher_.unconfirmed(); }

 private:
  InProcess(const config::Handler& config, const mombridge_handler& table, EventLoop* timers);

  Result<> start_threads();
  void work();
  void work_on(Call& call);
  Verdict verdict_of(mombridge_status status);
  bool join(Duration patience);
  void leave_behind();

  const config::Handler config_;
  Breaches breaches_;
  Requests requests_;
  PluginMessages messages_;
  Publisher publisher_;
  Deadlines deadlines_;
  Host host_;
  Plugin plugin_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Call*> waiting_;
  std::vector<std::thread> threads_;
  unsigned working_ = 0;  ///< threads that have not ended
  bool stopping_ = false, stopped_ = false;
  std::atomic<bool> left_behind_{false};
};

}  // namespace mombridge::handler
