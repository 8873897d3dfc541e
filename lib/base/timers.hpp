#pragma once
// What is to run later, in the order of time.

#include <cstdint>
#include <functional>
#include <map>
#include <unordered_map>
#include <utility>

#include "base/clock.hpp"

namespace mombridge {

/// For one thread, which says what time it is.
class Timers {
 public:
  using Task = std::function<void()>;
  using Id = uint64_t;  ///< never 0, never reused

  /// The task runs once, not before `at`.
  Id add(TimePoint at, Task task);
  /// An id that has run, was cancelled or is 0 is ignored.
  void cancel(Id id);
  /// Runs what is due at `now`, in the order of time and then of adding; tasks may add and cancel. What they add waits
  /// for the next call even if it is due, because a task that adds itself again at once must not keep the caller here.
  void run(TimePoint now);
  /// Below zero where something is overdue; Duration::max() where nothing waits.
  [[nodiscard]] Duration until_next(TimePoint now) const;

 private:
  std::map<std::pair<TimePoint, Id>, Task> tasks_;
  std::unordered_map<Id, TimePoint> times_;
  Id next_ = 1;
};

}  // namespace mombridge
