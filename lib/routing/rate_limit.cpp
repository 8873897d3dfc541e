#include "routing/rate_limit.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace mombridge::routing {

namespace {

/// Tokens that come sooner one after the other are handed out together, which spares wake-ups.
constexpr Duration kShortestWait = std::chrono::milliseconds(2);

}  // namespace

bool RateLimit::admit(Waiting& waiting, bool takes_token, RetryQueue& queue) noexcept {
  auto alive = shared_from_this();  // with the last message of its route, the route may end
  {
    std::lock_guard lock(mutex_);
    queue_ = &queue;
    bool first = waiting_.empty() && !handing_out_;
    if (first && !queue.stopped() && (!takes_token || !rate_ || bucket_.take(queue.now()))) return true;
    waiting_.push_back({&waiting, takes_token});
    limiting_.store(true, std::memory_order_relaxed);
    // One that is not wanted any more makes room at once, so that what comes again after each lost connection does not
    // pile up here. Others wait for the timer.
    if (handing_out_ || (armed_ != kNever && !queue.draining() && waiting_.front().waiting->wanted())) return false;
    handing_out_ = true;
  }
  hand_out();
  return false;
}

void RateLimit::change(const std::optional<config::Rate>& rate) noexcept {
  auto alive = shared_from_this();
  {
    std::lock_guard lock(mutex_);
    if (rate.has_value() == rate_.has_value() && (!rate || rate->interval() == rate_->interval())) return;
    rate_ = rate;
    if (rate) bucket_.change(*rate, queue_ ? queue_->now() : TimePoint{});
    if (waiting_.empty() || std::exchange(handing_out_, true)) return;
  }
  hand_out();
}

void RateLimit::retry() noexcept {
  std::shared_ptr<RateLimit> alive;
  {
    std::lock_guard lock(mutex_);
    alive = timer_ended();
    if (std::exchange(handing_out_, true)) return;  // the other thread waits for the next token in turn
  }
  hand_out();
}

void RateLimit::hand_out() noexcept {
  for (bool drained = false;;) {
    if (!drained && queue_->draining()) {
      return_for_drain();
      drained = true;
    }
    auto* one = next();
    if (!one) break;
    if (queue_->stopped())
      one->give_back();
    else
      one->retry();
  }
  Duration wait{};
  {
    std::lock_guard lock(mutex_);
    handing_out_ = false;
    limiting_.store(!waiting_.empty(), std::memory_order_relaxed);
    if (waiting_.empty()) return;
    wait = std::max(bucket_.wait(queue_->now()), kShortestWait);
    auto at = queue_->now() + wait;
    if (at >= armed_) return;
    armed_ = at;
    ++timers_;
    alive_ = shared_from_this();
  }
  queue_->add(*this, wait);
}

// It may be one that a change of the rate has left behind. Returns what keeps this alive.
std::shared_ptr<RateLimit> RateLimit::timer_ended() {
  --timers_;
  if (!timers_ || queue_->now() >= armed_) armed_ = kNever;
  return timers_ ? alive_ : std::move(alive_);
}

// Whoever's turn it is; null: nobody's yet.
RateLimit::Waiting* RateLimit::next() {
  std::lock_guard lock(mutex_);
  if (waiting_.empty()) return nullptr;
  auto [waiting, takes_token] = waiting_.front();
  bool free = !takes_token || !rate_ || queue_->stopped() || !waiting->wanted();
  if (!free && !bucket_.take(queue_->now())) return nullptr;
  waiting_.pop_front();
  return waiting;
}

// The others are handed out at the rate for as long as the drain lasts.
void RateLimit::return_for_drain() noexcept {
  std::vector<Waiting*> returned;
  {
    std::lock_guard lock(mutex_);
    std::erase_if(waiting_, [&](auto& entry) {
      bool returns = entry.waiting->returnable();
      if (returns) returned.push_back(entry.waiting);
      return returns;
    });
  }
  for (auto* waiting : returned) waiting->give_back();
}

void RateLimit::give_back() noexcept {
  std::shared_ptr<RateLimit> alive;
  std::deque<Entry> waiting;
  {
    std::lock_guard lock(mutex_);
    alive = timer_ended();
    waiting.swap(waiting_);
    limiting_.store(false, std::memory_order_relaxed);
  }
  for (auto& entry : waiting) entry.waiting->give_back();
}

}  // namespace mombridge::routing
