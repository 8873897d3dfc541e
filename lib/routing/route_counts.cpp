#include "routing/route_counts.hpp"

#include <algorithm>

#include "base/clock.hpp"

namespace mombridge::routing {

namespace {

/// Reasons hold a broker's words, which may be long.
constexpr size_t kLongestReason = 1024;

/// Never destroyed: threads may still count while statics are torn down.
template <class Cell, int Which>
Family<Cell>& family() {
  static auto* instance = new Family<Cell>;
  return *instance;
}

}  // namespace

void LastFailure::set(std::string_view reason) {
  auto now = unix_ms();
  std::lock_guard lock(mutex_);
  last_.reason.assign(reason.substr(0, kLongestReason));
  last_.unix_ms = now;
}

LastFailure::Reading LastFailure::read() const {
  std::lock_guard lock(mutex_);
  return last_;
}

void RouteCounts::dead_lettered(std::string_view code) noexcept {
  auto known = std::ranges::find(kReasons, code) - kReasons.begin();
  dead_letters[std::min(static_cast<size_t>(known), kReasons.size() - 1)].add();
}

// The end is read first: what begins and ends in between then counts as in flight, and never as less than nothing.
uint64_t RouteCounts::in_flight() const {
  auto over = ended.value();
  return begun.value() - over;
}

Family<RouteCounts>& route_counts() { return family<RouteCounts, 0>(); }

RouteCounts& unrouted_counts() {
  static auto& counts = route_counts().at({std::string(kUnrouted)});
  return counts;
}

Family<Counter>& delivered_messages() { return family<Counter, 0>(); }
Family<Counter>& unrouted_messages() { return family<Counter, 1>(); }
Family<SubscriptionCounts>& received_messages() { return family<SubscriptionCounts, 0>(); }

}  // namespace mombridge::routing
