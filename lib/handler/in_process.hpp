#pragma once
// A plugin that runs in the bridge's own process, on threads of its own.

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "handler/breaches.hpp"
#include "handler/deadlines.hpp"
#include "handler/host.hpp"
#include "handler/plugin.hpp"
#include "handler/publisher.hpp"
#include "handler/requests.hpp"
#include "handler/runner.hpp"
#include "handler/workers.hpp"

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
  [[nodiscard]] std::optional<ThreadsStatus> threads() const override {
    return ThreadsStatus{thread_count_, requests_.written_off()};
  }

 private:
  InProcess(const config::Handler& config, const mombridge_handler& table, EventLoop* timers);

  Result<> start_threads();
  void work_on(Call& call);
  void write_off();
  void leave_behind();

  const config::Handler config_;
  Breaches breaches_;
  Requests requests_;
  PluginMessages messages_;
  Publisher publisher_;
  Deadlines deadlines_;
  Host host_;
  Plugin plugin_;
  const size_t thread_count_;
  Workers workers_;
  bool stopped_ = false;
  std::atomic<bool> left_behind_{false};
};

}  // namespace mombridge::handler
