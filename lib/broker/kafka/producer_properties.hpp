#pragma once
// What every client that produces is configured with.

#include <vector>

#include "broker/kafka/client.hpp"
#include "broker/kafka/refusal.hpp"

namespace mombridge::kafka {

/// Below `librdkafka:`, which may override them.
const std::vector<Property>& producer_defaults();
/// Above it: what delivery at least once rests on.
const std::vector<Property>& producer_fixed();

/// What the client goes by.
ProducerLimits limits_of(rd_kafka_t* client);

}  // namespace mombridge::kafka
