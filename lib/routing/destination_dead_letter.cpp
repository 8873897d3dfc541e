#include "routing/destination_dead_letter.hpp"

namespace mombridge::routing {

DeadLetterDestination::DeadLetterDestination(const config::Destination& config, const Compiling& compiling)
    : at_(BrokerDestination::compile(config, compiling)) {}

std::optional<Refusal> DeadLetterDestination::prepare(Outgoing& out) const {
  if (auto refusal = at_->prepare(out)) return refusal;
  auto& publication = static_cast<Publication&>(out);
  auto& origin = *out.origin->section;
  auto& failure = out.failure;
  out.dead_letter->fill(publication, out.rendered, *out.delivery,
                        {.broker = origin.name,
                         .source = origin.settings->subscription(out.delivery->subscription).source,
                         .route = out.route,
                         .reason = failure.reason,
                         .attempts = failure.attempts},
                        at_->endpoint().section->settings->kind->records);
  return std::nullopt;
}

}  // namespace mombridge::routing
