#pragma once
// Which subscription a topic belongs to.

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/kafka/settings.hpp"
#include "message/expression.hpp"

namespace mombridge::kafka {

/// Not thread-safe.
class TopicMatch {
 public:
  explicit TopicMatch(const Settings& settings);

  /// The subscription that names the topic, else the first whose expression matches it; nothing where none takes it.
  [[nodiscard]] std::optional<uint32_t> find(const std::string& topic) const;
  /// The same, cached: for topics that librdkafka has handed out. Such a one has no subscription where the client
  /// subscribes to other topics by now.
  std::optional<uint32_t> subscription_of(const std::string& topic);

  [[nodiscard]] bool named(const std::string& topic) const { return named_.contains(topic); }

 private:
  struct Compiled {
    uint32_t subscription;
    Expression expression;
  };

  std::unordered_map<std::string, uint32_t> named_;
  std::unordered_map<std::string, std::optional<uint32_t>> found_;
  std::vector<Compiled> expressions_;
};

/// What `topic.blacklist` must be so that expressions match neither the bridge's own topics nor those that Kafka keeps
/// for itself (kBrokersOwn); empty: nothing. It is the same without an expression, because a client cannot change it
/// when a reload adds one. What a subscription names is not in it, as librdkafka would hide it from that as well: no
/// section has an expression and a name of Kafka's own.
std::string hidden_topics(const Settings& settings, const TopicMatch& match);

}  // namespace mombridge::kafka
