#include "broker/amqp/delivery_decoder.hpp"

#include <algorithm>
#include <utility>

#include "base/counters.hpp"
#include "broker/amqp/properties.hpp"
#include "broker/source/target_from.hpp"

namespace mombridge::amqp {

DeliveryDecoder::DeliveryDecoder(std::string broker, const Settings& settings, size_t index)
    : broker_(std::move(broker)),
      index_(index),
      subscription_(settings.subscriptions[index]),
      limit_(broker_, settings.subscriptions[index], settings) {}

bool DeliveryDecoder::decode(const Content& content) {
  auto& d = *content.delivery;
  auto& m = d.message;
  m = {};
  m.target = content.target;
  m.body = content.body;
  m.redelivered = content.redelivered;
  d.subscription = static_cast<uint32_t>(index_);
  unsigned dropped = 0;
  QueueNotes notes;
  if (!decode_properties(content.properties, m, d.storage, dropped, {subscription_.restore, subscription_.replies},
                         &notes) ||
      dropped) {
    counter("headers_dropped").add(std::max(dropped, 1u));
    dropped_log_.event(log::Level::warn,
                       "headers dropped: malformed, nested too deep, or of a name that only bridges write",
                       {{"broker", broker_}, {"target", m.target}, {"headers", dropped}});
  }
  if (notes.any()) [[unlikely]]
    d.deliveries_left = limit_.check(notes, m);
  source::take_target_from(subscription_.target_from, m);
  return content.redelivered && notes.delivery_count;
}

}  // namespace mombridge::amqp
