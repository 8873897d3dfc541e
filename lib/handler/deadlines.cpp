#include "handler/deadlines.hpp"

namespace mombridge::handler {

Deadlines::Deadlines(const config::Handler& config, EventLoop* timers, Requests& requests)
    : handler_(config.name),
      timeout_(config.timeout),
      timers_(timers),
      requests_(requests),
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
    log_.event(log::Level::warn,
               overdue->finished ? "handler did not answer in time" : "handler does not return from handle()",
               {{"handler", handler_}});
    if (overdue->finished) requests_.hand_over(*overdue->finished);
  }
  watching_ = false;
  if (requests_.next_deadline()) watch();
}

}  // namespace mombridge::handler
