#pragma once
// The acknowledgements of one channel, gathered and written.

#include <cstdint>

#include "base/event_loop.hpp"
#include "broker/amqp/ack_tracker.hpp"
#include "broker/amqp/connection.hpp"
#include "message/delivery.hpp"

namespace mombridge::amqp {

/// Belongs to the loop's thread.
class Acks {
 public:
  /// Acknowledges what was settled above an open delivery when it is more than `patience`, or has waited for a moment.
  /// `loop` and `connection` outlive this.
  Acks(EventLoop& loop, Connection& connection, uint16_t channel, uint64_t patience)
      : loop_(loop), connection_(connection), channel_(channel), patience_(patience) {}
  ~Acks() { loop_.cancel(gathering_); }
  Acks(const Acks&) = delete;
  Acks& operator=(const Acks&) = delete;

  /// A channel begins: its first delivery has the tag 1.
  void begin_channel() { tracker_ = {}; }
  /// A delivery came. Returns false if its tag is not the next one.
  [[nodiscard]] bool delivered(uint64_t tag) {
    tracker_.delivered();
    return tag == tracker_.last();
  }
  /// A delivery of this channel was settled. Its nack is written at once, its acknowledgement with the next flush().
  void settled(uint64_t tag, Settlement settlement);
  /// Writes the fewest acknowledgements that say what was accepted; with `all` those above an open delivery, too.
  void flush(bool all);

 private:
  void ack(uint64_t tag, bool multiple);

  EventLoop& loop_;
  Connection& connection_;
  const uint16_t channel_;
  const uint64_t patience_;
  AckTracker tracker_;
  EventLoop::TimerId gathering_ = 0;  ///< runs while acknowledgements gather above a delivery that is open
};

}  // namespace mombridge::amqp
