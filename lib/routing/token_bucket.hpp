#pragma once
// How many messages may pass in a time, as tokens that fill a bucket.

#include <algorithm>
#include <chrono>

#include "base/clock.hpp"
#include "config/config.hpp"

namespace mombridge::routing {

/// Begins full. It holds what comes in a tenth of a second, and one token at least: more would let a burst through
/// after a pause, and less would lose tokens where the thread that takes them comes late. Not thread-safe.
class TokenBucket {
 public:
  explicit TokenBucket(const config::Rate& rate) { set(rate); }

  /// Goes on at another rate, with no more in it than it has: at an empty bucket, the next token comes after one
  /// interval of the new rate at the latest.
  void change(const config::Rate& rate, TimePoint now) {
    set(rate);
    next_ = std::min(next_, now + interval_);
  }

  /// Takes a token. Returns false if there is none.
  [[nodiscard]] bool take(TimePoint now) {
    auto taken = std::max(next_, now - burst_);
    if (taken > now) return false;
    next_ = taken + interval_;
    return true;
  }
  /// How long until there is one.
  [[nodiscard]] Duration wait(TimePoint now) const { return std::max<Duration>(next_ - now, Duration::zero()); }

 private:
  static constexpr Duration kHolds = std::chrono::milliseconds(100);

  void set(const config::Rate& rate) {
    interval_ = rate.interval();
    burst_ = std::max<Duration>(kHolds - interval_, Duration::zero());
  }

  Duration interval_{};                                   ///< between two tokens
  Duration burst_{};                                      ///< so long ago the oldest token that is left may have come
  TimePoint next_ = TimePoint{} - std::chrono::hours(1);  ///< when the next token comes that was not taken yet
};

}  // namespace mombridge::routing
