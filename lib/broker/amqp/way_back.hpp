#pragma once
// How a message gets into a queue again that it came from.

#include <string>

#include "broker/browser.hpp"
#include "config/config.hpp"

namespace mombridge::amqp {

/// BrokerKind::way_back. Straight into the queue. Under another target than the queue's name it goes as one that the
/// bridge has put back (delivery_limit.hpp), so that it keeps its target.
Result<WayBack> way_back(const config::BrokerSettings& settings, const config::Subscription& subscription,
                         const std::string& target);

}  // namespace mombridge::amqp
