#pragma once
// What the process has done so far, over all routes, brokers and reloads.

#include <cstdint>

namespace mombridge::routing {

struct Totals {
  uint64_t received = 0;      ///< messages, by all subscriptions
  uint64_t delivered = 0;     ///< messages that a destination of a route took: once for each destination
  uint64_t retries = 0;       ///< failed attempts after which a message is tried again
  uint64_t dead_letters = 0;  ///< messages, once for each destination that gave one up
  uint64_t unrouted = 0;      ///< messages that no route took
  int64_t held = 0;           ///< now: messages that wait for the operator, once for each destination

  /// Something has happened. What is held has happened before: it was said when it began to be.
  [[nodiscard]] bool any() const { return received || delivered || retries || dead_letters || unrouted; }

  bool operator==(const Totals&) const = default;
};

/// [any thread]
[[nodiscard]] Totals totals();

/// What has been done since `former`; `held` is that of `now`.
[[nodiscard]] Totals since(const Totals& former, const Totals& now);

}  // namespace mombridge::routing
