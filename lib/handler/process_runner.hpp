#pragma once
// A plugin that runs in a worker process.

#include <memory>
#include <string>

#include "base/gate.hpp"
#include "base/inbox.hpp"
#include "handler/runner.hpp"
#include "handler/worker/calls.hpp"
#include "handler/worker/host_frames.hpp"
#include "handler/worker/supervisor.hpp"
#include "handler/worker/worker_loop.hpp"

namespace mombridge::handler {

/// The bridge's threads on one side, the thread of the workers on the other.
class ProcessRunner final : public Runner,
                            private worker::WorkerLoop::Member,
                            public std::enable_shared_from_this<ProcessRunner> {
 public:
  /// See load_in_worker().
  static Result<std::shared_ptr<Runner>> load(const config::Handler& config);
  explicit ProcessRunner(const config::Handler& config);
  ~ProcessRunner() override;

  Result<> start(FindBroker find_broker) override;
  void handle(Call& call) noexcept override;
  void stop_taking() override;
  void stop(Duration patience) override;
  void close(Duration patience) override;

  [[nodiscard]] const std::string& name() const override { return config_.name; }
  [[nodiscard]] bool left_behind() const override { return left_behind_; }
  [[nodiscard]] uint64_t unconfirmed() const override;
  [[nodiscard]] std::optional<WorkerStatus> worker() const override { return supervisor_->status(); }

 private:
  void round_ends() noexcept override;
  void take_arrived();

  const config::Handler config_;
  worker::WorkerLoop& loop_;
  worker::HostFrames host_;
  worker::Calls calls_;
  std::unique_ptr<worker::Supervisor> supervisor_;
  Inbox<Call> arrived_;
  Gate intake_;
  bool stopped_ = false, left_behind_ = false;
};

}  // namespace mombridge::handler
