#pragma once
// What a delivery's bytes mean to its subscription.

#include <cstddef>
#include <string>

#include "base/log.hpp"
#include "broker/amqp/content_reader.hpp"
#include "broker/amqp/delivery_limit.hpp"
#include "broker/amqp/settings.hpp"

namespace mombridge::amqp {

/// One per subscription. Belongs to the loop's thread.
class DeliveryDecoder {
 public:
  /// `index` of the subscription. `settings` outlives this.
  DeliveryDecoder(std::string broker, const Settings& settings, size_t index);

  /// Makes the delivery's message, and notes where its queue will not deliver it again. What cannot be decoded is left
  /// out and counted. Returns true if the message was delivered before and its queue counts that.
  bool decode(const Content& content);
  /// `index` of the subscription from now on.
  void renumber(size_t index) { index_ = index; }
  /// As DeliveryLimit's.
  [[nodiscard]] bool may_count() const { return limit_.may_count(); }

 private:
  const std::string broker_;
  size_t index_;
  const config::Subscription& subscription_;
  DeliveryLimit limit_;
  log::Repeated dropped_log_;
};

}  // namespace mombridge::amqp
