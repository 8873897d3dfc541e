#include "broker/kafka/topic_match.hpp"

#include <algorithm>

#include "broker/kafka/topic_name.hpp"

namespace mombridge::kafka {

TopicMatch::TopicMatch(const Settings& settings) {
  for (uint32_t i = 0; i < settings.subscriptions.size(); ++i) {
    auto& topic = settings.subscriptions[i].topic;
    if (!topic.starts_with('^')) {
      named_.emplace(topic, i);
      continue;
    }
    // config.cpp has seen to it that it compiles.
    if (auto compiled = Expression::compile(topic)) expressions_.push_back({i, std::move(*compiled)});
  }
}

std::optional<uint32_t> TopicMatch::find(const std::string& topic) const {
  if (auto found = named_.find(topic); found != named_.end()) return found->second;
  for (auto& e : expressions_)
    if (e.expression.matches(topic)) return e.subscription;
  return std::nullopt;
}

uint32_t TopicMatch::subscription_of(const std::string& topic) {
  auto [found, added] = found_.try_emplace(topic, 0);
  if (added) found->second = find(topic).value_or(0);
  return found->second;
}

namespace {
/// A topic's letters, of which only the dot means more in an expression.
bool may_be_topic(const std::string& name) { return std::ranges::all_of(name, topic_character); }
}  // namespace

std::string hidden_topics(const Settings& settings, const TopicMatch& match) {
  std::string list;
  if (!match.has_expressions()) return list;
  list = "^" + std::string(kBrokersOwn);
  for (auto& name : settings.own_names) {
    if (match.named(name) || !may_be_topic(name)) continue;
    list += ",^";
    for (char c : name) c == '.' ? list += "\\." : list += c;
    list += '$';
  }
  for (auto& key : settings.librdkafka)
    if (key.name == "topic.blacklist") list += "," + key.value;
  return list;
}

}  // namespace mombridge::kafka
