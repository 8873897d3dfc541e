#pragma once
// Which subscription a topic belongs to.

#include <cstdint>
#include <memory>
#include <optional>
#include <regex.h>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/kafka/settings.hpp"

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
  struct EndRegex {
    void operator()(regex_t* regex) const noexcept {
      ::regfree(regex);
      delete regex;
    }
  };
  struct Expression {
    uint32_t subscription;
    std::unique_ptr<regex_t, EndRegex> regex;
  };

  std::unordered_map<std::string, uint32_t> named_, found_;
  std::vector<Expression> expressions_;
};

/// What `topic.blacklist` must be so that expressions do not match the bridge's own topics; empty: nothing. Those that
/// a subscription names are not in it, as librdkafka would hide them from that as well.
std::string hidden_topics(const Settings& settings, const TopicMatch& match);

}  // namespace mombridge::kafka
