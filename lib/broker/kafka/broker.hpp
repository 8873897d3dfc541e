#pragma once
// A Kafka cluster: one client that produces, and one, a member of the group, that consumes for all subscriptions.

#include <memory>

#include "broker/broker.hpp"
#include "config/config.hpp"

namespace mombridge::kafka {

/// The section's settings must be kafka::Settings.
std::unique_ptr<Broker> create(const config::BrokerSection& section);

}  // namespace mombridge::kafka
