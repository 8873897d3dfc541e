#pragma once
// What becomes of a queue, and of what is in it, while the bridge does not consume from it.

#include <string>

#include "base/clock.hpp"
#include "broker/amqp/settings.hpp"

namespace mombridge::amqp {

/// As far as the declaration tells; of somebody else's queue nothing is known.
/// Sources: rabbitmq.com/docs/queues (exclusive, auto-delete), /docs/ttl (x-expires, x-message-ttl), /docs/maxlength.
struct QueueLifetime {
  bool with_connection = false;  ///< exclusive: it is deleted with the connection that declared it
  bool with_consumer = false;    ///< auto_delete: it is deleted with its last consumer
  Duration unused{};             ///< x-expires: it is deleted after so long without a consumer; zero: it is not
  std::string drops;             ///< the argument by which it may drop what comes back; empty: there is none

  /// Why a consumer that ends, or that does not begin, would cost messages: "the queue is auto_delete: …". Empty where
  /// it costs none.
  [[nodiscard]] std::string needs_consumer() const;
};

QueueLifetime lifetime(const Subscription& subscription);

/// A queue that belongs to one connection of the bridge's. Not auto_delete: so it outlives a consumer that RabbitMQ
/// ends (consumer_timeout), and a new one on the same connection finds everything in it.
QueueDeclaration private_queue();

}  // namespace mombridge::amqp
