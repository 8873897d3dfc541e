#pragma once
// A queue that counts deliveries drops a message that it has delivered too often: what a subscription makes of the
// count.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/log.hpp"
#include "broker/amqp/properties.hpp"
#include "broker/amqp/settings.hpp"
#include "message/delivery.hpp"

namespace mombridge::amqp {

/// RabbitMQ's quorum queues count in `x-delivery-count` how often a message came back to them, and drop it (or hand it
/// to their own dead-letter exchange) when the count passes the limit. So a delivery whose count has reached the limit
/// is the last one. The limit is what `delivery_limit` says, else what the declaration says. A queue of somebody else's
/// does not tell it, and a policy may set it too: then it is supposed to be small.
/// Source: rabbitmq.com/docs/quorum-queues#poison-message-handling; rabbit_fifo:return_one/7.
///
/// A message that may not be delivered once more is put back: a copy goes to the queue's end, where its count begins
/// anew. The copy says under which target it came, which is believed only of a copy that our own user has published:
/// the broker checks that (`user-id`).
class DeliveryLimit {
 public:
  /// All of them outlive this.
  DeliveryLimit(const std::string& broker, const Subscription& subscription, const Settings& settings);

  /// The queue may be one that counts: a private one, an exclusive one, a declared classic one is not.
  [[nodiscard]] bool may_count() const { return may_count_; }

  /// [loop] For a message of which `notes.any()` is true; `message` gets the target that it had before it was put back.
  /// Null: it can be delivered again. What is returned points into this.
  std::unique_ptr<DeliveriesLeft> check(const QueueNotes& notes, Message& message);

 private:
  [[nodiscard]] bool own(std::string_view user) const;
  std::unique_ptr<DeliveriesLeft> put_back(int64_t put_backs, const Message& message) const;

  const std::string& broker_;
  const Subscription& subscription_;
  const Settings& settings_;
  std::optional<int64_t> limit_;  ///< absent: not known; 0: none
  bool may_count_;
  PublishOptions copy_options_;  ///< of a copy that is put back
  bool warned_ = false;          ///< that the limit is not known
};

}  // namespace mombridge::amqp
