#pragma once
// Ends the requests that a plugin does not answer in time.

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "base/counters.hpp"
#include "base/event_loop.hpp"
#include "base/log.hpp"
#include "config/config.hpp"
#include "handler/requests.hpp"

namespace mombridge::handler {

/// One timer for the earliest deadline, because the time-out is the same for all requests of a handler.
class Deadlines {
 public:
  /// [loop] A handle() has not returned in time.
  using OnStuck = std::function<void()>;

  /// `timers` (null: nothing is watched) and `requests` outlive this.
  Deadlines(const config::Handler& config, EventLoop* timers, Requests& requests, OnStuck on_stuck);

  /// Before watch(). A timer does nothing once `owner`, which this is a part of, is gone.
  void belong_to(std::weak_ptr<const void> owner) { owner_ = std::move(owner); }
  /// [any thread] A request was opened. Cheap where the timer is set already.
  void watch();

 private:
  void set_timer();
  void end_overdue();

  const std::string handler_;
  const Duration timeout_;
  EventLoop* timers_;
  Requests& requests_;
  const OnStuck on_stuck_;
  std::weak_ptr<const void> owner_;
  std::atomic<bool> watching_{false};
  Counter& timeouts_;
  log::Repeated log_;
};

}  // namespace mombridge::handler
