#pragma once
// The topic that the bridge owns: where replies come back. It makes it, as nobody else would.

#include <string>

#include "base/result.hpp"
#include "broker/kafka/client.hpp"

namespace mombridge::kafka {

/// Used as it is where it exists; else made with the broker's own numbers of partitions and replicas, and kept for a
/// day. True: it was made just now. Blocks for some seconds at most: for the asker's thread.
Result<bool> have_topic(rd_kafka_t* client, const std::string& topic);

}  // namespace mombridge::kafka
