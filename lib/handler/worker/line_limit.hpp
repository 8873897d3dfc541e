#pragma once
// How many lines a plugin may log.

#include <cstdint>

#include "base/clock.hpp"

namespace mombridge::handler::worker {

/// So many in a second; what comes beyond that is only counted. [one thread]
class LineLimit {
 public:
  explicit LineLimit(unsigned per_second) : per_second_(per_second) {}

  /// False: the line is left out.
  bool take(TimePoint now) {
    if (now - second_ >= 1s) {
      second_ = now;
      taken_ = 0;
    }
    if (taken_ < per_second_) return ++taken_, true;
    ++left_out_;
    return false;
  }
  /// Those that were left out since the last time that this was asked.
  uint64_t left_out() {
    auto count = left_out_;
    left_out_ = 0;
    return count;
  }

 private:
  const unsigned per_second_;
  TimePoint second_{};
  unsigned taken_ = 0;
  uint64_t left_out_ = 0;
};

}  // namespace mombridge::handler::worker
