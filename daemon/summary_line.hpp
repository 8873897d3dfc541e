#pragma once
// One line in the log a minute that says what the bridge has done, where something moved.

#include <functional>

#include "base/event_loop.hpp"
#include "routing/totals.hpp"

namespace mombridge {

/// For the thread of `loop`, which outlives this.
class SummaryLine {
 public:
  /// `interval` is asked for again and again, because a reload may change it, which is seen within a minute. Zero: no
  /// line.
  SummaryLine(EventLoop& loop, std::function<Duration()> interval);
  ~SummaryLine() { loop_.cancel(timer_); }
  SummaryLine(const SummaryLine&) = delete;
  SummaryLine& operator=(const SummaryLine&) = delete;

 private:
  void wait();
  void look();

  EventLoop& loop_;
  const std::function<Duration()> interval_;
  EventLoop::TimerId timer_ = 0;
  TimePoint since_ = Clock::now();              ///< when `former_` was read
  routing::Totals former_ = routing::totals();  ///< at the end of the last interval
};

}  // namespace mombridge
