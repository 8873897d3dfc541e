#pragma once
// Two clocks: timers and deadlines of our own use the steady one, which nobody can set; only what stands in messages
// (timestamps, deadlines) uses the wall clock.

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

}  // namespace mombridge
