#pragma once
// Topics that the bridge makes: where replies come back, its dead letters, what a destination declares.

#include <chrono>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "broker/kafka/client.hpp"

namespace mombridge::kafka {

/// As long as an AMQP reply queue keeps its messages.
inline constexpr std::chrono::milliseconds kKeepReplies = std::chrono::hours(24);

/// As the broker itself makes topics.
inline constexpr int kDefaultNumber = -1;

/// How a topic is made.
struct TopicSpec {
  std::optional<std::chrono::milliseconds> retention{};  ///< absent: the broker's default
  int partitions = kDefaultNumber;
};

/// Uses the topic as it is where it exists, else makes it, with the broker's own number of replicas. Returns true if it
/// was made just now. Blocks for some seconds at most.
Result<bool> declare_topic(rd_kafka_t* client, const std::string& topic, const TopicSpec& spec, TimePoint deadline);

/// Whether the topic could be made so: the broker only validates it. Blocks for some seconds at most.
Result<> try_create_topic(rd_kafka_t* client, const std::string& topic, const TopicSpec& spec, TimePoint deadline);

}  // namespace mombridge::kafka
