#pragma once
// What waits to be tried again: after a failure, or because its destination is away.

#include <atomic>
#include <memory>

#include "base/clock.hpp"
#include "base/event_loop.hpp"

namespace mombridge::routing {

/// Something that can be tried again later.
class Retryable {
 public:
  /// [the queue's thread] The wait is over.
  virtual void retry() noexcept = 0;
  /// [any thread] Instead of retry(): the bridge stops, and the message goes back to its source.
  virtual void give_back() noexcept = 0;
  /// [any thread, while it waits] Its wait ends as soon as the bridge begins to drain.
  [[nodiscard]] virtual bool ends_with_drain() const noexcept { return false; }
  /// [any thread, while it waits] Only the operator can end the cause of its wait.
  [[nodiscard]] virtual bool waits_for_operator() const noexcept { return false; }

 protected:
  ~Retryable() = default;
};

/// Each Retryable that is added comes back once, through retry() or through give_back().
class RetryQueue {
 public:
  RetryQueue() = default;
  RetryQueue(const RetryQueue&) = delete;
  RetryQueue& operator=(const RetryQueue&) = delete;
  virtual ~RetryQueue() = default;

  /// [any thread] `waiting` may be gone when this returns.
  virtual void add(Retryable& waiting, Duration wait) = 0;
  /// [any thread] The time by which waits are measured.
  [[nodiscard]] virtual TimePoint now() const = 0;

  /// [the queue's thread] The bridge stops: what is held is not tried any more.
  virtual void drain() { draining_ = true; }
  [[nodiscard]] bool draining() const { return draining_.load(std::memory_order_relaxed); }
  /// [any thread] All that would wait is given back.
  [[nodiscard]] bool stopped() const { return stopped_.load(std::memory_order_relaxed); }

 protected:
  std::atomic<bool> draining_{false}, stopped_{false};
};

/// The queue of a running bridge: waits end on an event loop. Stop it before the sources of what waits go; what is left
/// then is forgotten.
class LoopRetryQueue final : public RetryQueue {
 public:
  /// `loop` must outlive this, and may run on after it.
  explicit LoopRetryQueue(EventLoop& loop);

  void add(Retryable& waiting, Duration wait) override;
  [[nodiscard]] TimePoint now() const override { return Clock::now(); }
  void drain() override;
  /// [any thread] What waits for the operator is tried again soon: something was changed.
  void retry_held();
  /// [any thread] Gives back all that wait, at once, and from now on whatever would.
  void stop();

 private:
  struct State;
  static void arm(const std::shared_ptr<State>& state, TimePoint at);
  static void run_due(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;  ///< timers that are left on the loop see by it that the queue is gone
};

}  // namespace mombridge::routing
