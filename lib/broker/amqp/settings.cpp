#include "broker/amqp/settings.hpp"

#include <algorithm>

#include "message/pattern.hpp"

namespace mombridge::amqp {

namespace {

// These exchanges route without the key, so that any key can arrive.
bool keyless(const std::string& exchange) {
  return exchange == "amq.fanout" || exchange == "amq.headers" || exchange == "amq.match";
}

}  // namespace

std::vector<std::string> Binding::targets() const {
  return keyless(exchange) || !arguments.empty() ? std::vector<std::string>{"#"} : routing_keys;
}

bool Binding::certain() const {
  return arguments.empty() && (exchange == "amq.topic" || exchange == "amq.direct" || exchange == "amq.fanout");
}

std::optional<bool> Settings::reads(const config::Subscription& subscription,
                                    const mombridge::PublishOptions* published, const std::string& target) const {
  auto& s = static_cast<const Subscription&>(subscription);
  auto& exchange = published ? static_cast<const PublishOptions&>(*published).exchange : publishes.exchange;
  // The name of a private queue is known to nobody.
  if (exchange.empty()) return !s.transient && s.source == target ? std::optional(true) : std::nullopt;
  std::optional<bool> certain;
  for (auto& binding : s.bindings) {
    if (binding.exchange != exchange) continue;
    if (std::ranges::any_of(binding.targets(), [&](auto& pattern) { return Pattern(pattern).matches(target); }))
      certain = certain.value_or(false) || binding.certain();
  }
  return certain;
}

const PublishOptions* Settings::reply_options(std::string_view address) const {
  return address.starts_with("amq.rabbitmq.reply-to.") ? &direct_replies : &replies;
}

std::string connections_needed(const Settings& settings) {
  auto subscriptions = settings.subscriptions.size();
  if (!subscriptions) return "needs 1 AMQP connection";
  return "needs " + std::to_string(1 + subscriptions) + " AMQP connections, one to publish and " +
         (subscriptions == 1 ? "one for its subscription"
                             : "one for each of its " + std::to_string(subscriptions) + " subscriptions");
}

}  // namespace mombridge::amqp
