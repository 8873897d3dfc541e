#pragma once
// Where a message was read, in the words of its kind of broker.

#include <string_view>

#include "config/config.hpp"
#include "message/delivery.hpp"

namespace mombridge::routing {

/// Views into the delivery and the section.
struct Place {
  std::string_view kind;  ///< "topic", "queue", or "exchange" for a private queue; empty: it is not known any more
  std::string_view name;
};

/// The topic is the message's target, where its subscription does not take that from elsewhere.
[[nodiscard]] inline Place place_of(const Delivery& delivery, const config::BrokerSection& broker) {
  auto& settings = *broker.settings;
  if (delivery.subscription >= settings.subscription_count()) return {};
  auto& subscription = settings.subscription(delivery.subscription);
  bool is_log = delivery.partition >= 0;
  if (is_log) return {"topic", subscription.target_from.empty() ? delivery.message.target : subscription.source};
  return {subscription.transient ? "exchange" : "queue", subscription.source};
}

}  // namespace mombridge::routing
