#pragma once
// How many messages are due. What could not be sent in time is not made up for: a source that was away for a minute
// does not come back with a minute's messages at once. Nothing is due while senders are held back.

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "clients.hpp"

namespace faults {

class Pacer {
 public:
  explicit Pacer(double rate) : rate_(rate), last_(Clock::now()) {}

  uint64_t due() {
    if (holding) return 0;
    auto now = Clock::now();
    owed_ += rate_ * std::chrono::duration<double>(now - last_).count();
    last_ = now;
    owed_ = std::min(owed_, std::max(1.0, rate_ / 10));
    return static_cast<uint64_t>(owed_);
  }
  void sent() { owed_ -= 1; }

 private:
  using Clock = std::chrono::steady_clock;
  double rate_;
  Clock::time_point last_;
  double owed_ = 0;
};

}  // namespace faults
