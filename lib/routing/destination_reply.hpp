#pragma once
// A destination that is whoever sent a request: the reply address at the broker that the request came from.

#include <string>
#include <string_view>

#include "routing/destination_endpoint.hpp"

namespace mombridge::routing {

class ReplyDestination final : public EndpointDestination {
 public:
  using EndpointDestination::EndpointDestination;

  std::optional<Refusal> prepare(Outgoing& out) const override;
  /// The name of the broker: requesters are many.
  [[nodiscard]] std::string text() const override;
  [[nodiscard]] std::string explain(const Message& message, std::string_view broker) const override;
};

}  // namespace mombridge::routing
