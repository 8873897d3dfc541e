#pragma once
// Ends the requests that a plugin does not answer in time.

#include <atomic>
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
  /// `timers` (null: nothing is watched) and `requests` outlive this.
  Deadlines(const config::Handler& config, EventLoop* timers, Requests& requests);

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
  std::weak_ptr<const void> owner_;
  std::atomic<bool> watching_{false};
  Counter& timeouts_;
  log::Repeated log_;
};

}  // namespace mombridge::handler
