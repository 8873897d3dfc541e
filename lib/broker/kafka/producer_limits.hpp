#pragma once
// How large a record and a request may be, as a client goes by.

#include "broker/kafka/client.hpp"
#include "broker/kafka/refusal.hpp"

namespace mombridge::kafka {

ProducerLimits limits_of(rd_kafka_t* client);

}  // namespace mombridge::kafka
