#include "routing/endpoint.hpp"

#include <algorithm>

#include "broker/broker.hpp"

namespace mombridge::routing {

bool away(const Endpoint& endpoint) noexcept {
  auto links = endpoint.instance->status();
  return std::ranges::any_of(links, [](auto& link) {
    return link.role == LinkStatus::Role::publisher && link.state != LinkStatus::State::up;
  });
}

}  // namespace mombridge::routing
