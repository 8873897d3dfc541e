#pragma once
// A delivery of an AMQP subscription, and where it is settled.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/buffer.hpp"
#include "base/event_loop.hpp"
#include "base/inbox.hpp"
#include "message/decoded_headers.hpp"
#include "message/delivery.hpp"

namespace mombridge::amqp {

class AmqpDelivery;

/// Where the deliveries of one subscription come back to, from any thread, and the epochs that they belong to. Each
/// channel is an epoch. The broker gives back what was not acknowledged on a channel that has ended, so that deliveries
/// of its epoch become stale: at once, or where the subscription waits for a destination, when it goes on.
class Settlements {
 public:
  explicit Settlements(EventLoop& loop) : loop_(loop) {}

  /// [any thread]
  void settled(AmqpDelivery& delivery) noexcept {
    if (inbox_.push(&delivery)) loop_.wake();
  }
  /// [any thread] Deliveries of earlier epochs are stale.
  [[nodiscard]] uint64_t live_epoch() const noexcept { return live_epoch_.load(std::memory_order_relaxed); }

  /// [loop] All that was settled since the last call.
  [[nodiscard]] std::vector<AmqpDelivery*> take() { return inbox_.take(); }
  [[nodiscard]] bool empty() const noexcept { return inbox_.empty(); }
  /// [loop] The epoch of deliveries that come now.
  [[nodiscard]] uint64_t epoch() const { return epoch_; }
  /// [loop] Another epoch begins. What is in flight cannot be settled at the broker any more, and is not stale yet.
  void begin_epoch() { ++epoch_; }
  /// [loop] All deliveries of epochs before the present one are stale.
  void outdate() { live_epoch_.store(epoch_, std::memory_order_relaxed); }

 private:
  EventLoop& loop_;
  Inbox<AmqpDelivery> inbox_;
  uint64_t epoch_ = 0;
  std::atomic<uint64_t> live_epoch_{0};
};

class AmqpDelivery final : public Delivery {
 public:
  explicit AmqpDelivery(Settlements& settlements) : settlements_(settlements) {}
  void settle(Settlement s) noexcept override {
    settlement = s;
    settlements_.settled(*this);
  }
  [[nodiscard]] bool stale() const noexcept override { return epoch < settlements_.live_epoch(); }

  uint64_t tag = 0, epoch = 0;
  TimePoint arrived;
  size_t footprint = 0;     ///< what it counts against prefetch_size
  bool handed_out = false;  ///< to the sink, and not back yet
  Settlement settlement = Settlement::accept;
  Buffer bytes;  ///< routing key, properties and body, one after the other
  DecodedHeaders storage;

 private:
  Settlements& settlements_;
};

}  // namespace mombridge::amqp
