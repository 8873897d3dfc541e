#pragma once
// What a subscription asks of its queue before it consumes: that it is there, and bound.

#include <cstdint>
#include <string>
#include <string_view>

#include "broker/amqp/connection.hpp"
#include "broker/amqp/queue_lifetime.hpp"
#include "broker/amqp/settings.hpp"

namespace mombridge::amqp {

/// One per subscription. It lives through all connections of the subscription, and so it can tell what has changed when
/// a new one is made. Not thread-safe.
class QueueSetup {
 public:
  /// `subscription` outlives this.
  explicit QueueSetup(const Subscription& subscription);

  /// Writes all questions of a new channel. The server answers in order, or closes the channel.
  void ask(Connection& connection, uint16_t channel);
  /// queue.declare-ok.
  void declared(std::string_view name);
  /// The channel was closed with 404. Returns true if the queue was only looked for: ask again on a new channel, this
  /// time it is made.
  bool make_it();
  /// The subscription consumes from the queue.
  void consuming();
  void connection_ended();

  /// For basic.consume and basic.get; "" stands for the queue that the channel declared last.
  [[nodiscard]] std::string_view name() const { return private_name_.empty() ? subscription_.queue : private_name_; }
  [[nodiscard]] const QueueLifetime& lifetime() const { return lifetime_; }
  /// The queue belongs to the connection: when only a channel was closed, another channel finds everything in it.
  [[nodiscard]] bool kept_by_connection() const { return lifetime_.with_connection && !lifetime_.with_consumer; }

  /// After a reconnect: what was lost of the queue meanwhile, in words; empty: nothing, as far as can be known.
  [[nodiscard]] std::string lost() const;

  struct Refusal {
    Error error;           ///< the broker's words, and what to do about it
    bool lasting = false;  ///< trying again soon is of no use
  };
  /// The broker closed the channel or the connection with this code before messages could come.
  [[nodiscard]] Refusal refused(unsigned code, const std::string& words) const;

 private:
  void declare(Connection& connection, uint16_t channel, bool passive);
  [[nodiscard]] std::string advice(unsigned code, const std::string& words) const;

  const Subscription& subscription_;
  const QueueLifetime lifetime_;
  std::string private_name_;  ///< of a queue that the server named, on this connection
  bool had_it_ = false;       ///< the queue was consumed from before
  bool missing_ = false;      ///< on this connection the queue was looked for, and did not exist
  bool anew_ = true;          ///< an exclusive queue was deleted with its connection, or did not exist yet
};

}  // namespace mombridge::amqp
