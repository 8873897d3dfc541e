#pragma once
// Reading what an AMQP broker subscribes to.

#include <optional>
#include <string>

#include "broker/amqp/settings.hpp"
#include "config/yaml_reader.hpp"

namespace mombridge::amqp {

/// A name that travels as AMQP's short string. Source: AMQP 0-9-1, 4.2.5.3.
bool short_string(config::Section& section, const std::string& key, std::string& into);

/// One entry of `subscribe:`.
void read_subscription(config::Section& section, Settings& settings);

/// KindReader::read_own_declaration.
void read_own_declaration(config::Section& destination, const std::string& name, config::BrokerSettings& settings);

/// The queue that replies come back to: durable and shared by all replicas; without keys a private one, since what this
/// process seals nobody else can open.
void subscribe_replies(config::Section& section, bool keys, Settings& settings);

/// KindReader::subscribe_route.
std::optional<size_t> subscribe_route(config::Section& from, config::BrokerSettings& settings);

}  // namespace mombridge::amqp
