#pragma once
// What the bridge may do at a cluster, found out without doing it.

#include <string>
#include <vector>

#include "broker/access.hpp"
#include "broker/kafka/inquiry.hpp"
#include "broker/kafka/settings.hpp"

namespace mombridge::kafka {

/// BrokerKind::check_access.
std::vector<Finding> check_access(const config::BrokerSection& section, const std::vector<Sending>& sendings);

/// What becomes of everything that the bridge would use of a cluster.
std::vector<Finding> look_around(const Settings& settings, const std::vector<Sending>& sendings, Inquiry& inquiry);

}  // namespace mombridge::kafka
