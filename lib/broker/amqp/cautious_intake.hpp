#pragma once
// How a subscription takes what its queue has delivered before: alone, so that a message that ends the process does not
// spend the deliveries of those behind it.

#include <cstdint>

#include "base/clock.hpp"

namespace mombridge::amqp {

/// Decides what to ask of the broker next: a single message (basic.get), or all that the prefetch allows
/// (basic.consume). A quorum queue counts a delivery of everything that was on its way when a consumer ends, and drops
/// what it has delivered too often. So each channel begins with single messages, for as long as they were delivered
/// before and the queue counts that; the first other one, or an empty queue, ends it. In the first second the next
/// message is asked for when the one before it is settled. Then twice as many may be on their way each second, because
/// neither messages that are held, nor a cluster that takes long for each basic.get, may stop the queue. Source of the
/// counting: rabbitmq.com/docs/quorum-queues#poison-message-handling.
///
/// Belongs to the loop's thread. Knows no time by itself: callers say what it is.
class CautiousIntake {
 public:
  enum class Next : uint8_t {
    nothing,  ///< an answer, or a settlement, must come first
    get,      ///< one message; the answer is told through got() or empty()
    consume,  ///< from now on the broker sends by itself
  };

  /// A channel is open. `careful`: the queue may be one that counts deliveries. At most `most` are on their
  /// way at a time, half of them at most taken singly.
  void begin(bool careful, uint64_t most);
  /// The connection is gone: there is nothing to ask.
  void end() {
    state_ = State::closed;
    asked_ = 0;
  }
  /// The queue lets nobody take single messages (one with a single active consumer): the next channel begins without.
  void refused() { refused_ = true; }

  /// basic.get brought a message. `counted`: it was delivered before, and its queue counts that.
  void got(bool counted);
  /// basic.get found nothing.
  void empty();
  /// A message was settled, however it came.
  void settled();

  /// What to send now; each call that does not return `nothing` must be followed by sending it.
  [[nodiscard]] Next next(TimePoint now);
  /// When next() may say something else although nothing happened; TimePoint::max(): never.
  [[nodiscard]] TimePoint due() const;
  /// An answer to basic.get is awaited.
  [[nodiscard]] bool asked() const { return asked_ > 0; }
  /// So many were taken singly on this channel and are not settled. They count against the prefetch, of which the
  /// broker only counts what it sends by itself.
  [[nodiscard]] uint64_t open() const { return open_; }
  /// Messages are taken singly now.
  [[nodiscard]] bool careful() const { return state_ == State::singly; }

 private:
  enum class State : uint8_t { closed, singly, all, consuming };

  State state_ = State::closed;
  bool refused_ = false;
  uint64_t asked_ = 0;   ///< basic.get without an answer yet
  uint64_t open_ = 0;    ///< taken singly, and not settled
  uint64_t window_ = 1;  ///< so many may be asked for and open
  uint64_t most_ = 1;
  uint64_t widest_ = 1;                   ///< half of that: what is open when consuming begins narrows it for good
  TimePoint doubles_ = TimePoint::max();  ///< when the window does; max: nothing was asked for yet
};

}  // namespace mombridge::amqp
