#include "routing/destination_endpoint.hpp"

#include "broker/broker.hpp"

namespace mombridge::routing {

void EndpointDestination::send(Outgoing& out) const noexcept { endpoint_.instance->publish(out); }

}  // namespace mombridge::routing
