#pragma once
// What is said of the links of a broker that are not up.

#include <optional>
#include <string>

#include "broker/broker.hpp"

namespace mombridge {

/// "failing: Connection refused"; the state alone where nothing more is known.
[[nodiscard]] std::string state_text(const LinkStatus& link);
/// The first link that publishes and is not up; absent: they all are.
[[nodiscard]] std::optional<LinkStatus> publisher_not_up(const Broker& broker);
/// "publisher is failing: Connection refused", of the first link that is not up; empty: they all are.
[[nodiscard]] std::string why_not_up(const Broker& broker);

}  // namespace mombridge
