#pragma once
// How a message gets into a topic again that it came from.

#include <string>

#include "broker/browser.hpp"
#include "config/config.hpp"

namespace mombridge::kafka {

/// BrokerKind::way_back.
Result<WayBack> way_back(const config::BrokerSettings& settings, const config::Subscription& subscription,
                         const std::string& target);

}  // namespace mombridge::kafka
