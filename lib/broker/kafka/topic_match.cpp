#include "broker/kafka/topic_match.hpp"

namespace mombridge::kafka {

TopicMatch::TopicMatch(const Settings& settings) {
  for (uint32_t i = 0; i < settings.kafka_subscriptions.size(); ++i) {
    auto& topic = settings.kafka_subscriptions[i].topic;
    if (!topic.starts_with('^')) {
      named_.emplace(topic, i);
      continue;
    }
    // config.cpp has seen to it that it compiles.
    auto regex = std::make_unique<regex_t>();
    if (::regcomp(regex.get(), topic.c_str(), REG_EXTENDED | REG_NOSUB) == 0)
      expressions_.push_back({i, std::unique_ptr<regex_t, EndRegex>(regex.release())});
  }
}

std::optional<uint32_t> TopicMatch::find(const std::string& topic) const {
  if (auto found = named_.find(topic); found != named_.end()) return found->second;
  for (auto& e : expressions_)
    if (::regexec(e.regex.get(), topic.c_str(), 0, nullptr, 0) == 0) return e.subscription;
  return std::nullopt;
}

uint32_t TopicMatch::subscription_of(const std::string& topic) {
  auto [found, added] = found_.try_emplace(topic, 0);
  if (added) found->second = find(topic).value_or(0);
  return found->second;
}

namespace {
/// A topic's letters, of which only the dot means more in an expression.
bool may_be_topic(const std::string& name) {
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
         std::string::npos;
}
}  // namespace

std::string hidden_topics(const Settings& settings, const TopicMatch& match) {
  std::string list;
  if (!match.has_expressions()) return list;
  for (auto& name : settings.own_names) {
    if (match.named(name) || !may_be_topic(name)) continue;
    list += list.empty() ? "^" : ",^";
    for (char c : name) c == '.' ? list += "\\." : list += c;
    list += '$';
  }
  for (auto& [key, value] : settings.librdkafka)
    if (key == "topic.blacklist" && !list.empty()) list += "," + value;
  return list;
}

}  // namespace mombridge::kafka
