#pragma once
// What Kafka takes for the name of a topic.

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "base/text.hpp"

namespace mombridge::kafka {

inline constexpr std::size_t kMaxTopic = 249;

/// What the names of topics begin with that Kafka keeps for itself: __consumer_offsets, __transaction_state.
inline constexpr std::string_view kBrokersOwn = "__";

inline bool topic_character(char c) { return letter_or_digit(c) || c == '.' || c == '_' || c == '-'; }

/// The rule that the name breaks, to be put behind "a topic's name"; empty where it breaks none.
/// Source: Kafka's org.apache.kafka.common.internals.Topic: the legal characters, 249 at most, not "." and not "..".
inline std::string_view topic_fault(std::string_view name) {
  if (name.empty()) return "cannot be empty";
  if (name == "." || name == "..") return "cannot be '.' or '..'";
  if (name.size() > kMaxTopic) return "has at most 249 characters";
  return std::ranges::all_of(name, topic_character) ? "" : "has only letters, digits, '.', '_' and '-'";
}

inline bool valid_topic(std::string_view name) { return topic_fault(name).empty(); }

/// Returns true if Kafka refuses one of the two because of the other: it names its metrics with '_' in the place of
/// '.'. Source: Kafka's org.apache.kafka.common.internals.Topic.hasCollision().
inline bool topics_collide(std::string_view one, std::string_view other) {
  auto same = [](char a, char b) { return (a == '.' ? '_' : a) == (b == '.' ? '_' : b); };
  return one != other && std::ranges::equal(one, other, same);
}

}  // namespace mombridge::kafka
