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

std::optional<uint32_t> TopicMatch::subscription_of(const std::string& topic) {
  auto [found, added] = found_.try_emplace(topic);
  if (added) found->second = find(topic);
  return found->second;
}

namespace {
/// A topic's letters, of which only the dot means more in an expression.
bool may_be_topic(const std::string& name) { return std::ranges::all_of(name, topic_character); }
}  // namespace

std::string hidden_topics(const Settings& settings, const TopicMatch& match) {
  std::string list;
  auto add = [&](const std::string& expression) { list += (list.empty() ? "" : ",") + expression; };
  if (std::ranges::none_of(settings.subscriptions, [](auto& s) { return s.topic.starts_with(kBrokersOwn); }))
    add("^" + std::string(kBrokersOwn));
  for (auto& name : settings.own_names) {
    if (match.named(name) || !may_be_topic(name)) continue;
    std::string expression = "^";
    for (char c : name) c == '.' ? expression += "\\." : expression += c;
    add(expression + "$");
  }
  for (auto& key : settings.librdkafka)
    if (key.name == "topic.blacklist") add(key.value);
  return list;
}

}  // namespace mombridge::kafka
