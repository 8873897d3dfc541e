#include "routing/retry_queue.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace mombridge::routing {

struct LoopRetryQueue::State {
  explicit State(EventLoop& l) : loop(l) {}
  EventLoop& loop;
  std::mutex mutex;
  std::multimap<TimePoint, Retryable*> waiting;
  TimePoint armed = TimePoint::max();  ///< the earliest timer on the loop
  bool stopped = false;
};

LoopRetryQueue::LoopRetryQueue(EventLoop& loop) : state_(std::make_shared<State>(loop)) {}

void LoopRetryQueue::add(Retryable& waiting, Duration wait) {
  auto at = Clock::now() + wait;
  bool earliest = false;
  {
    std::unique_lock lock(state_->mutex);
    if (state_->stopped) {
      lock.unlock();
      return waiting.give_back();
    }
    state_->waiting.emplace(at, &waiting);
    if (at < state_->armed) {
      state_->armed = at;
      earliest = true;
    }
  }
  if (earliest) arm(state_, at);
}

// A timer that an earlier one has overtaken stays on the loop, and finds nothing due.
void LoopRetryQueue::arm(const std::shared_ptr<State>& state, TimePoint at) {
  state->loop.post([weak = std::weak_ptr(state), at] {
    auto alive = weak.lock();
    if (!alive) return;
    alive->loop.after(at - Clock::now(), [weak] {
      if (auto still_alive = weak.lock()) run_due(still_alive);
    });
  });
}

void LoopRetryQueue::run_due(const std::shared_ptr<State>& state) {
  std::vector<Retryable*> due;
  TimePoint next;
  {
    std::lock_guard lock(state->mutex);
    auto end = state->waiting.upper_bound(Clock::now());
    for (auto it = state->waiting.begin(); it != end; ++it) due.push_back(it->second);
    state->waiting.erase(state->waiting.begin(), end);
    next = state->armed = state->waiting.empty() ? TimePoint::max() : state->waiting.begin()->first;
  }
  if (next != TimePoint::max()) arm(state, next);
  for (auto* one : due) one->retry();
}

void LoopRetryQueue::drain() {
  RetryQueue::drain();
  std::vector<Retryable*> ended;
  {
    std::lock_guard lock(state_->mutex);
    std::erase_if(state_->waiting, [&](auto& entry) {
      bool ends = entry.second->ends_with_drain();
      if (ends) ended.push_back(entry.second);
      return ends;
    });
  }
  for (auto* one : ended) one->retry();
}

void LoopRetryQueue::retry_held() {
  auto now = Clock::now();
  {
    std::lock_guard lock(state_->mutex);
    std::vector<Retryable*> held;
    std::erase_if(state_->waiting, [&](auto& waiting) {
      bool is_held = waiting.first > now && waiting.second->waits_for_operator();
      if (is_held) held.push_back(waiting.second);
      return is_held;
    });
    for (auto* one : held) state_->waiting.emplace(now, one);
    if (held.empty()) return;
    state_->armed = std::min(state_->armed, now);
  }
  arm(state_, now);
}

void LoopRetryQueue::stop() {
  std::multimap<TimePoint, Retryable*> waiting;
  {
    std::lock_guard lock(state_->mutex);
    state_->stopped = true;
    stopped_ = true;
    waiting.swap(state_->waiting);
  }
  for (auto& [at, one] : waiting) one->give_back();
}

}  // namespace mombridge::routing
