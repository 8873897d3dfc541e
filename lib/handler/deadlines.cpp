#include "handler/deadlines.hpp"

#include <utility>

namespace mombridge::handler {

Deadlines::Deadlines(const config::Handler& config, EventLoop* timers, Requests& requests, OnStuck on_stuck)
    : handler_(config.name),
      timeout_(config.timeout),
      timers_(timers),
      requests_(requests),
      on_stuck_(std::move(on_stuck)),
      timeouts_(counter("handler_timeouts", handler_)) {}

void Deadlines::watch() {
  if (!timers_ || watching_.exchange(true)) return;
  timers_->post([this, owner = owner_] {
    if (auto alive = owner.lock()) set_timer();
  });
}

void Deadlines::set_timer() {
  auto next = requests_.next_deadline();
  // Where the request is answered already, the timer still waits for a whole time-out, or each message would set one.
  timers_->after(next ? *next - Clock::now() : timeout_, [this, owner = owner_] {
    if (auto alive = owner.lock()) end_overdue();
  });
}

void Deadlines::end_overdue() {
  while (auto overdue = requests_.overdue(Clock::now())) {
    timeouts_.add();
    if (overdue->running)
      on_stuck_();
    else
      log_.event(log::Level::warn, "handler did not answer in time", {{"handler", handler_}});
    requests_.hand_over(overdue->finished);
  }
  watching_ = false;
  if (requests_.next_deadline()) watch();
}

}  // namespace mombridge::handler
