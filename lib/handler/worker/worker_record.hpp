#pragma once
// What is known of a handler's worker: for those who ask from other threads, and in the log.

#include <mutex>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "handler/runner_status.hpp"

namespace mombridge::handler::worker {

/// [any thread] All of it.
class WorkerRecord {
 public:
  explicit WorkerRecord(std::string handler) : handler_(std::move(handler)) {}

  [[nodiscard]] WorkerStatus read() const {
    std::lock_guard lock(mutex_);
    return status_;
  }
  void state(const char* word) {
    std::lock_guard lock(mutex_);
    status_.state = word;
  }
  /// `again`: it is not the first.
  void begun(int64_t pid, bool again) {
    if (again) worker_restarts().at({handler_}).add();
    std::lock_guard lock(mutex_);
    status_.pid = pid;
    status_.since = unix_ms();
    status_.restarts += again;
  }
  /// As it was meant to end.
  void ended() {
    std::lock_guard lock(mutex_);
    status_.pid = status_.since = 0;
  }
  /// `what`: a sentence for the log. `plugin`: its name and version. `messages`: those that it had.
  void ended(const char* what, const std::string& plugin, const std::string& why, size_t messages) {
    log_.event(why, log::Level::error, what,
               {{"handler", handler_}, {"plugin", plugin}, {"reason", why}, {"messages", messages}});
    ended();
    std::lock_guard lock(mutex_);
    status_.last_end = why;
    status_.last_end_at = unix_ms();
  }

 private:
  const std::string handler_;
  log::RepeatedBy log_;  ///< by the reason
  mutable std::mutex mutex_;
  WorkerStatus status_;
};

}  // namespace mombridge::handler::worker
