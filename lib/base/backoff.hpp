#pragma once
// Waits between attempts: doubling from `first` to `longest`, each with jitter, so that many clients of a broker that
// comes back do not all knock at once.

#include <algorithm>
#include <random>

#include "base/clock.hpp"

namespace mombridge {

class Backoff {
 public:
  Backoff(Duration first, Duration longest) : first_(first), longest_(std::max(first, longest)), next_(first) {}

  /// The next wait: between half and the whole of the present step. Then the step doubles.
  Duration next() {
    auto step = std::min(next_, longest_);
    next_ = std::min(step * 2, longest_);
    return jitter(step);
  }
  /// After a success: start again from `first`.
  void reset() { next_ = first_; }

  /// The wait before attempt number `attempt` (1 is the first retry), for callers that keep only a count.
  [[nodiscard]] Duration at(unsigned attempt) const {
    auto step = first_;
    for (unsigned i = 1; i < attempt && step < longest_ && step > Duration::zero(); ++i) step *= 2;
    return jitter(std::min(step, longest_));
  }

 private:
  static Duration jitter(Duration step) {
    thread_local std::minstd_rand random{std::random_device{}()};
    return step / 2 + Duration(std::uniform_int_distribution<Duration::rep>(0, step.count() / 2)(random));
  }
  Duration first_, longest_, next_;
};

}  // namespace mombridge
