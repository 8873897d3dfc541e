#include "routing/endpoint.hpp"

#include <algorithm>

#include "broker/broker.hpp"

namespace mombridge::routing {

bool away(const Endpoint& endpoint) noexcept {
  auto links = endpoint.instance->status();
  return std::ranges::any_of(links, [](auto& l) { return l.link == "publisher" && l.state != LinkStatus::State::up; });
}

}  // namespace mombridge::routing
