#pragma once
// Where the partitions of a new assignment begin.

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "broker/kafka/handles.hpp"
#include "broker/kafka/settings.hpp"

namespace mombridge::kafka {

/// Topics with Start::latest, and how many partitions each had when this process first saw it.
using FirstSeen = std::map<std::string, int>;

/// Fills in the offsets of `partitions`: what the group has committed; else the beginning, or for Start::latest the end
/// as it is now. `starts` stands beside `partitions`. The client cannot be left to do it: with auto.offset.reset=error,
/// which a lost offset needs, a new group would consume nothing.
///
/// Blocks; fails when the brokers do not answer in time. Returns the indexes of those that begin at the end: these
/// should be committed at once, or what arrives until the first commit is lost in a crash. A partition that was added
/// since the topic was first seen begins at its beginning also with Start::latest.
Result<std::vector<int>> find_positions(rd_kafka_t* client, rd_kafka_topic_partition_list_t* partitions,
                                        const std::vector<Start>& starts, FirstSeen& first_seen);

}  // namespace mombridge::kafka
