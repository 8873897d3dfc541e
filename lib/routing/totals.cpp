#include "routing/totals.hpp"

#include "routing/route_counts.hpp"

namespace mombridge::routing {

namespace {

void add(Totals& to, const RouteCounts& counts) {
  to.retries += counts.retries.value();
  to.held += counts.held.value();
  for (auto& reason : counts.dead_letters) to.dead_letters += reason.value();
}

}  // namespace

Totals totals() {
  Totals all;
  for (auto& [labels, counts] : received_messages().all()) all.received += counts->messages.value();
  for (auto& [labels, count] : delivered_messages().all()) all.delivered += count->value();
  for (auto& [labels, count] : unrouted_messages().all()) all.unrouted += count->value();
  for (auto& [labels, counts] : route_counts().all()) add(all, *counts);
  return all;
}

Totals since(const Totals& former, const Totals& now) {
  return {.received = now.received - former.received,
          .delivered = now.delivered - former.delivered,
          .retries = now.retries - former.retries,
          .dead_letters = now.dead_letters - former.dead_letters,
          .unrouted = now.unrouted - former.unrouted,
          .held = now.held};
}

}  // namespace mombridge::routing
