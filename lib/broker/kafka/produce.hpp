#pragma once
// Giving one publication to a client of librdkafka as a record.

#include <cstdint>

#include "base/result.hpp"
#include "broker/kafka/handles.hpp"
#include "message/publication.hpp"

namespace mombridge::kafka {

/// The time of the record, in milliseconds since the Unix epoch; 0: that of its arrival. A message that has been a
/// record keeps the time of that record, unless the options say otherwise. The timestamp of another message becomes the
/// time only where the destination keeps timestamps, because the topic's retention would delete what was sent years ago
/// right after it was confirmed. Fails for a timestamp that is no time, neither in seconds nor in milliseconds.
Result<int64_t> record_time(const Publication& publication);

/// Gives the record to the client, which takes no copy of body and key: the publication keeps them until it is
/// completed. `opaque` comes back with the delivery report. `dropped` counts headers that Kafka cannot carry.
rd_kafka_resp_err_t produce(rd_kafka_t* client, rd_kafka_topic_t* topic, const Publication& publication,
                            int64_t time_ms, void* opaque, unsigned& dropped);

}  // namespace mombridge::kafka
