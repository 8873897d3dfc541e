#include "routing/endpoint.hpp"

#include "broker/links.hpp"

namespace mombridge::routing {

bool away(const Endpoint& endpoint) noexcept { return publisher_not_up(*endpoint.instance).has_value(); }

}  // namespace mombridge::routing
