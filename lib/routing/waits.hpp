#pragma once
// Branches that wait to be tried again: after a failure, or for a destination that is away.

#include <memory>

#include "base/clock.hpp"
#include "base/event_loop.hpp"

namespace mombridge::routing {

class Branch;

/// Each branch that is added comes back once: through resume() on the loop's thread, or through give_back(). Stop it
/// before the sources of the branches go; what is left then is forgotten.
class Waits {
 public:
  /// `loop` must outlive this, and may run on after it.
  explicit Waits(EventLoop& loop);
  Waits(const Waits&) = delete;
  Waits& operator=(const Waits&) = delete;

  /// [any thread] The branch may be gone when this returns.
  void add(Branch& branch, Duration wait);
  /// [any thread] Gives back all that wait, at once, and from now on whatever would.
  void stop();

 private:
  struct State;
  static void arm(const std::shared_ptr<State>& state, TimePoint at);
  static void run_due(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;  ///< timers that are left on the loop see by it that we are gone
};

}  // namespace mombridge::routing
