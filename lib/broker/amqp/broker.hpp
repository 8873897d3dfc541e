#pragma once
// A RabbitMQ or other AMQP 0-9-1 broker: one connection that publishes and one for each subscription, all of them
// on one thread.

#include <memory>

#include "broker/broker.hpp"
#include "config/config.hpp"

namespace mombridge::amqp {

/// The section's settings must be amqp::Settings.
std::unique_ptr<Broker> create(const config::BrokerSection& section);

}  // namespace mombridge::amqp
