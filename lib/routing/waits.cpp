#include "routing/waits.hpp"

#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "routing/branch.hpp"

namespace mombridge::routing {

struct Waits::State {
  explicit State(EventLoop& l) : loop(l) {}
  EventLoop& loop;
  std::mutex mutex;
  std::multimap<TimePoint, Branch*> waiting;
  TimePoint armed = TimePoint::max();  ///< the earliest timer on the loop
  bool stopped = false;
};

Waits::Waits(EventLoop& loop) : state_(std::make_shared<State>(loop)) {}

void Waits::add(Branch& branch, Duration wait) {
  auto at = Clock::now() + wait;
  bool earliest = false;
  {
    std::unique_lock lock(state_->mutex);
    if (state_->stopped) {
      lock.unlock();
      return branch.give_back();
    }
    state_->waiting.emplace(at, &branch);
    if (at < state_->armed) {
      state_->armed = at;
      earliest = true;
    }
  }
  if (earliest) arm(state_, at);
}

// A timer that an earlier one has overtaken stays on the loop, and finds nothing due.
void Waits::arm(const std::shared_ptr<State>& state, TimePoint at) {
  state->loop.post([weak = std::weak_ptr(state), at] {
    auto alive = weak.lock();
    if (!alive) return;
    alive->loop.after(at - Clock::now(), [weak] {
      if (auto still_alive = weak.lock()) run_due(still_alive);
    });
  });
}

void Waits::run_due(const std::shared_ptr<State>& state) {
  std::vector<Branch*> due;
  TimePoint next;
  {
    std::lock_guard lock(state->mutex);
    auto end = state->waiting.upper_bound(Clock::now());
    for (auto it = state->waiting.begin(); it != end; ++it) due.push_back(it->second);
    state->waiting.erase(state->waiting.begin(), end);
    next = state->armed = state->waiting.empty() ? TimePoint::max() : state->waiting.begin()->first;
  }
  if (next != TimePoint::max()) arm(state, next);
  for (auto* branch : due) branch->resume();
}

void Waits::stop() {
  std::multimap<TimePoint, Branch*> waiting;
  {
    std::lock_guard lock(state_->mutex);
    state_->stopped = true;
    waiting.swap(state_->waiting);
  }
  for (auto& [at, branch] : waiting) branch->give_back();
}

}  // namespace mombridge::routing
