#include "config/config.hpp"

#include <algorithm>

#include "message/pattern.hpp"

namespace mombridge::config {

namespace {

template <class T>
const T* find(const std::vector<T>& all, const std::string& name) {
  auto at = std::ranges::find(all, name, &T::name);
  return at == all.end() ? nullptr : &*at;
}

}  // namespace

Value value_of(const Typed& typed) {
  if (auto* b = std::get_if<bool>(&typed)) return Value::of_bool(*b);
  if (auto* i = std::get_if<int64_t>(&typed)) return Value::of(*i);
  if (auto* d = std::get_if<double>(&typed)) return Value::of_real(*d);
  return Value::of(std::get<std::string>(typed));
}

std::string Rate::text() const {
  return std::to_string(count) + (per == std::chrono::hours(1) ? "/h" : per == std::chrono::minutes(1) ? "/m" : "/s");
}

const BrokerSection* Config::broker(const std::string& broker_name) const { return find(brokers, broker_name); }
const Handler* Config::handler(const std::string& handler_name) const { return find(handlers, handler_name); }

// There is none; but a caller that asks for one must not get a reference to nothing.
const Subscription& BrokerSettings::subscription(size_t) const {
  static const Subscription kNone;
  return kNone;
}

bool BrokerSettings::brings(const Subscription& s, const std::string& target) const {
  if (!s.target_from.empty()) return true;
  if (std::ranges::none_of(s.targets, [&](auto& pattern) { return Pattern(pattern).matches(target); })) return false;
  if (!s.expression) return true;
  // The client leaves out what the broker and the bridge keep for themselves.
  return s.expression->matches(target) && !target.starts_with("__") &&
         std::ranges::find(own_names, target) == own_names.end();
}

std::optional<bool> BrokerSettings::reads(const Subscription& s, const PublishOptions*,
                                          const std::string& target) const {
  return brings(s, target) ? std::optional(true) : std::nullopt;
}

bool same_broker(const BrokerSection& a, const BrokerSection& b) {
  if (&a == &b) return true;
  auto& known = b.settings->addresses;
  return a.type == b.type && std::ranges::any_of(a.settings->addresses, [&](auto& address) {
           return std::ranges::find(known, address) != known.end();
         });
}

}  // namespace mombridge::config
