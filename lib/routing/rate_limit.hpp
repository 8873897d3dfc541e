#pragma once
// A route's `rate`: its messages wait for their tokens, and their source reads no more than it may have in flight.

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "config/config.hpp"
#include "routing/retry_queue.hpp"
#include "routing/token_bucket.hpp"

namespace mombridge::routing {

/// Those that wait go on in the order in which they came, and none overtakes them: the thread that hands out the turns
/// does so alone, and who comes meanwhile waits behind. Nothing is dropped, and nothing blocks. It belongs to the
/// routes of one name in all tables one after the other, so that a reload neither fills its bucket nor lets anything
/// overtake.
class RateLimit final : public Retryable, public std::enable_shared_from_this<RateLimit> {
 public:
  /// Comes back once, through retry() when it is its turn or it is not wanted any more, or through give_back().
  class Waiting : public Retryable {
   public:
    /// [any thread, while it waits] False: it ends by itself when it is told to go on, and costs no token.
    [[nodiscard]] virtual bool wanted() const noexcept = 0;
    /// [any thread, while it waits] Nothing of its message was sent yet or can be sent meanwhile: given back to its
    /// source it comes again once.
    [[nodiscard]] virtual bool returnable() const noexcept = 0;

   protected:
    ~Waiting() = default;
  };

  explicit RateLimit(const config::Rate& rate) : rate_(rate), bucket_(rate) {}

  /// [any thread] Returns true if `waiting` goes on now. Else it may be gone when this returns: it waits, or did.
  /// `takes_token` false: it goes with the one before it. `queue` is the same at each call, and its stop() comes before
  /// its end.
  [[nodiscard]] bool admit(Waiting& waiting, bool takes_token, RetryQueue& queue) noexcept;

  /// [any thread] Goes on at that rate, also with those that wait; without one, all of them go on now. Where the rate
  /// is the same, nothing changes.
  void change(const std::optional<config::Rate>& rate) noexcept;

  /// [any thread] Messages wait for their turn.
  [[nodiscard]] bool limiting() const noexcept { return limiting_.load(std::memory_order_relaxed); }

  // By the queue, when the next token is there, when the bridge begins to drain, and when it stops.
  void retry() noexcept override;
  void give_back() noexcept override;
  [[nodiscard]] bool ends_with_drain() const noexcept override { return true; }

 private:
  struct Entry {
    Waiting* waiting;
    bool takes_token;
  };
  static constexpr TimePoint kNever = TimePoint::max();

  void hand_out() noexcept;
  [[nodiscard]] std::shared_ptr<RateLimit> timer_ended();
  void return_for_drain() noexcept;
  [[nodiscard]] Waiting* next();

  std::atomic<bool> limiting_{false};
  std::mutex mutex_;                  ///< guards what follows
  std::optional<config::Rate> rate_;  ///< absent: nobody waits any more
  TokenBucket bucket_;
  std::deque<Entry> waiting_;
  RetryQueue* queue_ = nullptr;
  bool handing_out_ = false;          ///< a thread does
  TimePoint armed_ = kNever;          ///< when the timer ends that hands out the next turn
  unsigned timers_ = 0;               ///< in the queue: a change of the rate leaves the former one there
  std::shared_ptr<RateLimit> alive_;  ///< this, while there are timers: the route may end before them
};

}  // namespace mombridge::routing
