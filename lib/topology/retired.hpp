#pragma once
// Objects whose last user has gone, until the main thread ends them.

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/event_loop.hpp"

namespace mombridge::topology {

/// Snapshots are let go of by whichever thread settles their last delivery: perhaps a broker's own, in the middle of a
/// call of that broker. What they own can only be ended by another thread, and later.
class Retired {
 public:
  /// Ends what is added on the thread of `loop`, for as long as it runs.
  static std::shared_ptr<Retired> on(EventLoop& loop);
  /// Ends what is left.
  ~Retired() { end_all(); }

  /// [any thread] Ends the object that `end` ends, soon.
  void add(std::function<void()> end);
  /// [loop's thread] Now.
  void end_all();

 private:
  explicit Retired(EventLoop& loop) : loop_(loop) {}

  EventLoop& loop_;
  std::weak_ptr<Retired> self_;
  std::mutex mutex_;
  std::vector<std::function<void()>> ends_;
};

}  // namespace mombridge::topology
