#pragma once
// The calls that wait for a worker, in the order in which they go there.

#include <deque>
#include <optional>
#include <vector>

#include "handler/worker/held_calls.hpp"

namespace mombridge::handler::worker {

/// Suspects come first, and each of them goes alone. [one thread]
class PendingCalls {
 public:
  void add(Call& call) { waiting_.push_back({.call = &call}); }

  /// What a process had when it ended, in that order: before all that has come meanwhile.
  void give_back(const std::vector<Pending>& calls) {
    size_t at = 0;
    for (auto& pending : calls) {
      if (pending.suspect)
        suspects_.push_back(pending);
      else
        waiting_.insert(waiting_.begin() + static_cast<ptrdiff_t>(at++), pending);
    }
  }

  /// The next one that may go to a worker which holds this; nullopt: none.
  std::optional<Pending> next(const HeldCalls& held) {
    if (!suspects_.empty()) return held.empty() ? pop(suspects_) : std::nullopt;
    if (waiting_.empty() || held.alone()) return std::nullopt;
    return pop(waiting_);
  }

  /// All, and none is left.
  std::vector<Pending> take() {
    std::vector<Pending> all(suspects_.begin(), suspects_.end());
    all.insert(all.end(), waiting_.begin(), waiting_.end());
    suspects_.clear();
    waiting_.clear();
    return all;
  }

 private:
  static std::optional<Pending> pop(std::deque<Pending>& from) {
    auto first = from.front();
    from.pop_front();
    return first;
  }

  std::deque<Pending> suspects_, waiting_;
};

}  // namespace mombridge::handler::worker
