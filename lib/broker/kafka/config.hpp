#pragma once
// How a `type: kafka` section is read into kafka::Settings.

#include "broker/kafka/settings.hpp"
#include "config/load.hpp"

namespace mombridge::kafka {

config::KindReader reader();

/// BrokerKind::needs.
std::string needs(const config::BrokerSection& section);

/// BrokerKind::client_settings: replies come to a topic that all such clients share, each with a group of its own.
std::shared_ptr<config::BrokerSettings> client_settings(const config::BrokerSettings& settings,
                                                        const config::ClientOptions& client);

}  // namespace mombridge::kafka
