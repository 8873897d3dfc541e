#pragma once
// One route, compiled, and what becomes of the messages that fail on it.

#include <memory>
#include <vector>

#include "base/backoff.hpp"
#include "base/counters.hpp"
#include "config/config.hpp"
#include "message/message.hpp"
#include "message/pattern.hpp"
#include "routing/destination.hpp"
#include "routing/header_match.hpp"
#include "routing/hops.hpp"
#include "routing/rate_limit.hpp"
#include "routing/route_counts.hpp"

namespace mombridge::routing {

/// How a failed message is retried and where it ends.
struct FailurePolicy {
  explicit FailurePolicy(const config::Failures& failures);
  unsigned attempts;
  Backoff backoff;
  bool reject_when_exhausted;
  std::shared_ptr<const Destination> dead_letter;  ///< null: none
};

struct Route {
  const config::Route* config = nullptr;
  size_t place = 0;  ///< in the file
  Pattern pattern{"#"};
  std::vector<std::unique_ptr<const Destination>> to;
  std::vector<Counter*> delivered;  ///< by destination, in the order of `to`
  std::shared_ptr<const FailurePolicy> failures;
  std::vector<HeaderMatch> headers;  ///< all must accept a message
  RouteMark mark;
  std::shared_ptr<RateLimit> rate;  ///< null: none. For the status: limiting(), from any thread
  Counter* matched = nullptr;
  RouteCounts* counts = &unrouted_counts();  ///< what the route of this name counts in

  /// Headers and subscription as `from` asks for; the pattern is looked at by the table.
  [[nodiscard]] bool accepts(const Message& message) const;
  /// The destination that has taken the place of one of `former`, a route of the same name in an earlier configuration:
  /// the same one, or else one that is new, in the order of the file. Null: there is none.
  [[nodiscard]] const Destination* in_place_of(const Destination& destination, const Route& former) const;
  /// [any thread] That destination of the route has taken a message.
  void count_delivered(const Destination& destination) const noexcept;
};

}  // namespace mombridge::routing
