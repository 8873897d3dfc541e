#pragma once
// How long a loop may rest between two rounds without anybody noticing.

#include <algorithm>

#include "base/clock.hpp"

namespace mombridge {

/// Under load, a message spends most of its time waiting for brokers, behind others: a rest that is a small part of
/// that time saves the waking up for every few messages and adds nearly nothing. At low rates there is no rest. Model:
/// the adaptive interrupt moderation of network cards. For one thread.
class Pace {
 public:
  /// One message was under way for so long.
  void took(Duration time) { usual_ += (time - usual_) / 8; }
  /// With so many messages under way; with none, it is not for this one to say: Duration::max().
  [[nodiscard]] Duration rest(size_t under_way) const {
    if (!under_way) return Duration::max();
    if (under_way < kFew) return Duration::zero();
    return std::min<Duration>(usual_ / kPart, kLongest);
  }

 private:
  static constexpr size_t kFew = 32;
  static constexpr int kPart = 16;
  static constexpr Duration kLongest = std::chrono::milliseconds(5);

  Duration usual_{};  ///< a moving average
};

}  // namespace mombridge
