#include "routing/arrivals.hpp"

#include <algorithm>
#include <array>

#include "message/pattern.hpp"
#include "routing/header_match.hpp"
#include "routing/template.hpp"

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

bool constant(const config::AddedHeader& header) {
  if (!header.is_text()) return true;
  auto text = Template::parse(header.text.value);
  return text && text->constant();
}

}  // namespace

bool reads(const config::Route& route, const config::BrokerSection& section, size_t index) {
  auto& from = route.from;
  if (from.broker != section.name) return false;
  auto& subscription = section.settings->subscription(index);
  return from.subscription ? *from.subscription == index : !subscription.of_route && !subscription.replies;
}

bool may_take(const config::Route& route, const config::BrokerSection& section, size_t index) {
  if (!reads(route, section, index)) return false;
  auto& s = section.settings->subscription(index);
  if (!s.target_from.empty()) return true;
  Pattern pattern(route.from.target.value);
  if (s.expression && pattern.exact()) return section.settings->brings(s, pattern.text());
  return std::ranges::any_of(s.targets, [&](auto& t) { return pattern.overlaps(Pattern(t)); });
}

std::vector<std::string> samples(const config::Route& route, const config::BrokerSection& section, size_t index) {
  auto& s = section.settings->subscription(index);
  std::vector<std::string> found;
  if (!reads(route, section, index) || !s.target_from.empty()) return found;
  Pattern pattern(route.from.target.value);
  auto take = [&](const std::string& target) {
    if (!target.empty() && pattern.matches(target) && section.settings->brings(s, target) &&
        std::ranges::find(found, target) == found.end())
      found.push_back(target);
  };
  // What was published to a queue by its name has that name for its target.
  if (section.settings->kind->exchanges && !s.transient) take(s.source);
  for (size_t variant = 0; variant < kWords.size(); ++variant) {
    if (s.expression)
      if (auto text = s.expression->sample(static_cast<unsigned>(variant))) take(*text);
    for (auto& t : s.targets) take(sample(t, variant));
    take(sample(pattern.text(), variant));
  }
  return found;
}

std::optional<std::string> constant_target(const config::Route& route, const config::Destination& to) {
  auto parsed = Template::parse(to.target.value);
  if (!parsed) return std::nullopt;
  if (parsed->constant()) return parsed->text();
  if (parsed->is_target() && Pattern(route.from.target.value).exact()) return route.from.target.value;
  return std::nullopt;
}

std::optional<std::string> default_target(const config::Route& route, const config::Destination& to) {
  auto parsed = Template::parse(to.target.value);
  if (!parsed || !parsed->chosen_by_message()) return std::nullopt;
  auto& from = route.from;
  bool exact = Pattern(from.target.value).exact();
  return parsed->defaults(exact ? std::optional<std::string_view>(from.target.value) : std::nullopt, from.broker);
}

std::optional<bool> accepts_headers(const config::Route& route, const config::Destination& to) {
  std::optional<bool> all = true;
  for (auto& wanted : route.from.headers) {
    auto added = std::ranges::find(to.headers, wanted.name, &config::AddedHeader::name);
    if (added == to.headers.end() || !constant(*added)) {
      all = std::nullopt;
      continue;
    }
    auto value = config::value_of(added->value);
    if (!HeaderMatch(wanted).accepts(&value)) return false;
  }
  return all;
}

std::vector<Reader> readers(const config::Config& config, const config::Destination& to, const std::string& target) {
  std::vector<Reader> all;
  auto* written = config.broker(to.broker);
  if (!written) return all;
  for (auto& section : config.brokers) {
    if (!config::same_broker(*written, section)) continue;
    auto& settings = *section.settings;
    for (size_t i = 0; i < settings.subscription_count(); ++i)
      if (auto certain = settings.reads(settings.subscription(i), to.options.get(), target))
        all.push_back({&section, i, *certain});
  }
  return all;
}

}  // namespace mombridge::routing
