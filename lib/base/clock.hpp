#pragma once
// Two clocks: timers and deadlines of our own use the steady one, which nobody can set; only what stands in messages
// (timestamps, deadlines) uses the wall clock.

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace mombridge {

using Clock = std::chrono::steady_clock;
using Duration = Clock::duration;
using TimePoint = Clock::time_point;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): 5s, 200ms

/// Milliseconds since the Unix epoch, as Kafka timestamps and deadlines count.
inline int64_t unix_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// The same moment by both clocks. A time that comes in by the wall clock (in a header) is turned into one of the
/// steady clock once, by the instant of its arrival.
struct Instant {
  TimePoint steady{};
  int64_t unix_ms = 0;  ///< since the Unix epoch

  static Instant now() { return {Clock::now(), mombridge::unix_ms()}; }

  /// When the steady clock will show what the wall clock shows at `ms`, if nobody sets it meanwhile. What is more than
  /// a century away becomes a century.
  [[nodiscard]] TimePoint at(int64_t ms) const {
    constexpr int64_t kCentury = int64_t{100} * 365 * 24 * 3600 * 1000;
    return steady + std::chrono::milliseconds(std::clamp(ms, unix_ms - kCentury, unix_ms + kCentury) - unix_ms);
  }
};

}  // namespace mombridge
