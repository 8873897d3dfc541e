#pragma once
// The topics that the bridge owns: where replies come back, its dead letter. It makes them, as nobody else would.

#include <chrono>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "broker/kafka/client.hpp"

namespace mombridge::kafka {

/// As long as an AMQP reply queue keeps its messages.
inline constexpr std::chrono::milliseconds kKeepReplies = std::chrono::hours(24);

/// As the broker itself makes topics.
inline constexpr int kBrokersOwnNumber = -1;

/// How a topic is made.
struct NewTopicWish {
  std::optional<std::chrono::milliseconds> keep{};  ///< how long its records are kept; absent: the broker's default
  int partitions = kBrokersOwnNumber;
};

/// Used as it is where it exists; else made as wished, with the broker's own number of replicas. True: it was made just
/// now. Blocks for some seconds at most: for the asker's thread.
Result<bool> have_topic(rd_kafka_t* client, const std::string& topic, const NewTopicWish& wish);

}  // namespace mombridge::kafka
