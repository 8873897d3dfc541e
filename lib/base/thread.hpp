#pragma once
// The only way to make a thread in the bridge. A thread that cannot be made is an error and no exception, because
// limits on threads are met at run time, on the threads that serve everybody.

#include <functional>
#include <optional>
#include <pthread.h>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace mombridge {

/// Owns a running thread. An object without one ignores join() and detach(). Dropping the object joins, or on the
/// thread itself, which cannot wait for its own end, detaches.
class Thread {
 public:
  using Entry = std::function<void()>;

  Thread() = default;
  Thread(Thread&& other) noexcept : thread_(std::exchange(other.thread_, std::nullopt)) {}
  Thread& operator=(Thread&& other) noexcept;
  ~Thread() { join(); }

  /// Runs `entry` on a thread of that name, of which the system shows 15 characters. `stack_bytes` 0: the system's
  /// default. Fails where the system makes no further thread; then `entry` is not run.
  /// An exception that leaves `entry` is logged with the thread's name, and the process ends at once with EX_SOFTWARE:
  /// what that thread owned is in no known state, so it must not go on. Nothing is lost by it, because what was not
  /// settled is delivered again.
  [[nodiscard]] static Result<Thread> start(std::string name, Entry entry, size_t stack_bytes = 0);

  /// Waits for the thread's end; on the thread itself it detaches.
  void join() noexcept;
  /// The thread goes on without an owner.
  void detach() noexcept;
  explicit operator bool() const { return thread_.has_value(); }

 private:
  explicit Thread(pthread_t thread) : thread_(thread) {}

  std::optional<pthread_t> thread_;
};

/// Runs `entry` on a thread that nobody waits for: it ends by itself, and owns all that it uses. Fails as
/// Thread::start().
[[nodiscard]] Result<> start_detached(std::string name, Thread::Entry entry);

/// Runs all tasks at the same time, each on a thread of that name, and returns when all have ended. A task for which no
/// thread can be made runs on the caller's.
void run_all(const std::string& name, const std::vector<Thread::Entry>& tasks);

}  // namespace mombridge
