#include "broker/links.hpp"

namespace mombridge {

std::string state_text(const LinkStatus& link) {
  return std::string(to_string(link.state)) + (link.detail.empty() ? "" : ": " + link.detail);
}

std::optional<LinkStatus> publisher_not_up(const Broker& broker) {
  for (auto& link : broker.status())
    if (link.role == LinkStatus::Role::publisher && link.state != LinkStatus::State::up) return link;
  return std::nullopt;
}

std::string why_not_up(const Broker& broker) {
  for (auto& link : broker.status())
    if (link.state != LinkStatus::State::up) return link.link + " is " + state_text(link);
  return {};
}

}  // namespace mombridge
