#include "routing/arrivals.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "message/pattern.hpp"

namespace mombridge::routing {

namespace {

/// What the words of a pattern become in the samples; the more they differ, the less a sample happens to fit.
constexpr std::array<std::string_view, 3> kWords{"x", "k-9", "w"};
/// The same for `#`, which may be several.
constexpr std::array<std::string_view, 3> kSeveral{"x", "k-9.v", "w.w.w"};

std::string sample(const std::string& pattern, size_t variant) {
  std::string result;
  for (size_t at = 0; at <= pattern.size();) {
    auto dot = std::min(pattern.find('.', at), pattern.size());
    auto word = pattern.substr(at, dot - at);
    if (at) result += '.';
    result += word == "*" ? kWords[variant] : word == "#" ? kSeveral[variant] : std::string_view(word);
    at = dot + 1;
  }
  return result;
}

bool any(const std::vector<std::string>& patterns, const std::string& target) {
  return std::ranges::any_of(patterns, [&](auto& p) { return Pattern(p).matches(target); });
}

// Whether the subscription reads what is published to that exchange with that routing key.
std::optional<bool> reads_exchange(const config::Subscription& s, const std::string& exchange,
                                   const std::string& target) {
  // A private queue has a name that nobody knows.
  if (exchange.empty()) return !s.transient && s.source == target ? std::optional(true) : std::nullopt;
  std::optional<bool> certain;
  for (auto& bound : s.bound)
    if (bound.exchange == exchange && any(bound.keys, target)) certain = certain.value_or(false) || bound.certain;
  return certain;
}

std::optional<bool> reads_target(const config::BrokerSection& section, const config::Subscription& s,
                                 const std::string& exchange, const std::string& target) {
  if (section.settings->exchanges) return reads_exchange(s, exchange, target);
  return brings(section, s, target) ? std::optional(true) : std::nullopt;
}

}  // namespace

bool brings(const config::BrokerSection& section, const config::Subscription& s, const std::string& target) {
  if (!s.target_from.empty()) return true;
  if (!any(s.targets, target)) return false;
  if (!s.expression) return true;
  // What the broker and the bridge keep for themselves, the client leaves out.
  auto& own = section.settings->own_names;
  return s.expression->matches(target) && !target.starts_with("__") && std::ranges::find(own, target) == own.end();
}

bool reads(const config::Route& route, const config::BrokerSection& section, size_t index) {
  auto& from = route.from;
  if (from.broker != section.name) return false;
  auto& subscription = section.settings->subscriptions[index];
  return from.subscription ? *from.subscription == index : !subscription.of_route && !subscription.replies;
}

bool may_take(const config::Route& route, const config::BrokerSection& section, size_t index) {
  if (!reads(route, section, index)) return false;
  auto& s = section.settings->subscriptions[index];
  if (!s.target_from.empty()) return true;
  Pattern pattern(route.from.target.value);
  if (s.expression && pattern.exact()) return brings(section, s, pattern.text());
  return std::ranges::any_of(s.targets, [&](auto& t) { return pattern.overlaps(Pattern(t)); });
}

std::vector<std::string> samples(const config::Route& route, const config::BrokerSection& section, size_t index) {
  auto& s = section.settings->subscriptions[index];
  std::vector<std::string> found;
  if (!reads(route, section, index) || !s.target_from.empty()) return found;
  Pattern pattern(route.from.target.value);
  auto take = [&](const std::string& target) {
    if (!target.empty() && pattern.matches(target) && brings(section, s, target) &&
        std::ranges::find(found, target) == found.end())
      found.push_back(target);
  };
  // What was published to a queue by its name has that name for its target.
  if (section.settings->exchanges && !s.transient) take(s.source);
  for (size_t variant = 0; variant < kWords.size(); ++variant) {
    if (s.expression)
      if (auto text = s.expression->sample(static_cast<unsigned>(variant))) take(*text);
    for (auto& t : s.targets) take(sample(t, variant));
    take(sample(pattern.text(), variant));
  }
  return found;
}

std::vector<Reader> readers(const config::Config& config, const config::Destination& to, const std::string& target) {
  std::vector<Reader> all;
  auto* written = config.broker(to.broker);
  if (!written) return all;
  auto& exchange = to.exchange ? *to.exchange : written->settings->exchange;
  for (auto& section : config.brokers) {
    if (!config::same_broker(*written, section)) continue;
    auto& subscriptions = section.settings->subscriptions;
    for (size_t i = 0; i < subscriptions.size(); ++i)
      if (auto certain = reads_target(section, subscriptions[i], exchange, target))
        all.push_back({&section, i, *certain});
  }
  return all;
}

}  // namespace mombridge::routing
