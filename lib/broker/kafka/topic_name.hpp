#pragma once
// What Kafka takes for the name of a topic.

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace mombridge::kafka {

inline constexpr std::size_t kMaxTopic = 249;

/// Source: Kafka's org.apache.kafka.common.internals.Topic: the legal characters, 249 at most, not "." and not "..".
inline bool valid_topic(std::string_view name) {
  auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  return !name.empty() && name.size() <= kMaxTopic && name != "." && name != ".." && std::ranges::all_of(name, fits);
}

}  // namespace mombridge::kafka
