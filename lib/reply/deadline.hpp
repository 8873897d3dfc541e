#pragma once
// Until when a request wants its reply.

#include <cstdint>

#include "base/clock.hpp"
#include "message/message.hpp"

namespace mombridge::reply {

struct Deadline {
  int64_t at_ms = 0;   ///< since the Unix epoch
  bool asked = false;  ///< by the requester; else it is the bridge's own patience
};

/// From the request's `mombridge-deadline`, else its `expiration`, else `timeout`; both count from its timestamp, so
/// that a request which is forwarded again gets the same. A timestamp that cannot be the time of sending (ahead of
/// `now_ms`, or so old that a patience of ours would be over before it began) is not used.
Deadline deadline_of(const Message& request, Duration timeout, int64_t now_ms);

}  // namespace mombridge::reply
