#include "daemon/summary_line.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "daemon/manager_status.hpp"

namespace mombridge {

namespace {

/// The longest wait before the interval is asked for again.
constexpr Duration kLook = std::chrono::minutes(1);

void write(const routing::Totals& moved, Duration in) {
  log::info("summary", {{"seconds", std::chrono::round<std::chrono::seconds>(in).count()},
                        {"received", moved.received},
                        {"received_per_second", per_second(moved.received, in)},
                        {"delivered", moved.delivered},
                        {"retries", moved.retries},
                        {"dead_letters", moved.dead_letters},
                        {"unrouted", moved.unrouted},
                        {"held", moved.held}});
}

}  // namespace

SummaryLine::SummaryLine(EventLoop& loop, std::function<Duration()> interval)
    : loop_(loop), interval_(std::move(interval)) {
  wait();
}

void SummaryLine::wait() {
  auto interval = interval_();
  auto due = interval > Duration::zero() ? since_ + interval - Clock::now() : kLook;
  timer_ = loop_.after(std::clamp<Duration>(due, Duration::zero(), kLook), [this] { look(); });
}

// An interval in which nothing moved ends, too, so that the next line does not spread its messages over it.
void SummaryLine::look() {
  auto now = Clock::now();
  auto interval = interval_();
  if (now - since_ >= interval) {
    auto totals = routing::totals();
    auto moved = routing::since(former_, totals);
    if (interval > Duration::zero() && moved.any()) write(moved, now - since_);
    since_ = now;
    former_ = totals;
  }
  wait();
}

}  // namespace mombridge
