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
  /// The same for a topic that librdkafka has handed out. Cached.
  uint32_t subscription_of(const std::string& topic);

  [[nodiscard]] bool named(const std::string& topic) const { return named_.contains(topic); }
  [[nodiscard]] bool has_expressions() const { return !expressions_.empty(); }

 private:
  struct Compiled {
    uint32_t subscription;
    Expression expression;
  };

  std::unordered_map<std::string, uint32_t> named_, found_;
  std::vector<Compiled> expressions_;
};

/// What `topic.blacklist` must be so that expressions match neither the bridge's own topics nor those that Kafka keeps
/// for itself (kBrokersOwn); empty: nothing. Own ones that a subscription names are not in it, as librdkafka would hide
/// them from that as well.
std::string hidden_topics(const Settings& settings, const TopicMatch& match);

}  // namespace mombridge::kafka
