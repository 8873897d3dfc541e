#pragma once
// Until when a request wants its reply.

#include <cstdint>

#include "base/clock.hpp"
#include "message/message.hpp"

namespace mombridge::reply {

/// Made when the request arrives. From then on the bridge counts by the steady clock: a step of the wall clock neither
/// ends a request that is on its way nor prolongs it.
struct Deadline {
  /// By the wall clock, in milliseconds since the Unix epoch: what stands in headers and return paths, which others
  /// read by their own clocks. Nothing in this process may compare it with the present.
  int64_t at_ms = 0;
  bool asked = false;                 ///< the requester asked for it; else it comes from the bridge's own time-out
  TimePoint ends = TimePoint::max();  ///< the same moment by the steady clock, as far as it was known at arrival

  [[nodiscard]] bool expired(TimePoint now) const { return now > ends; }
  /// Below zero: it expired so long ago.
  [[nodiscard]] Duration remaining(TimePoint now) const { return ends - now; }
};

/// From the request's `mombridge-deadline`, else its `expiration`, else `timeout`; both count from its timestamp, so
/// that a request which is forwarded again gets the same. A timestamp that cannot be the time of sending is not used:
/// one that is ahead of the clock, or so old that `timeout` would be over already.
Deadline deadline_of(const Message& request, Duration timeout, const Instant& arrival);

}  // namespace mombridge::reply
