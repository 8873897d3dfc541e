#pragma once
// A destination that is the queue a message came from: a copy at its end, where its deliveries are counted from the
// beginning.

#include <string>
#include <string_view>

#include "routing/destination_endpoint.hpp"

namespace mombridge::routing {

/// For deliveries that say how they get back (Delivery::deliveries_left).
class SourceDestination final : public EndpointDestination {
 public:
  using EndpointDestination::EndpointDestination;

  std::optional<Refusal> prepare(Outgoing& out) const override;
  [[nodiscard]] std::string text() const override;
  [[nodiscard]] std::string explain(const Message& message, std::string_view broker) const override;
};

}  // namespace mombridge::routing
