#pragma once
// The deliveries of one subscription, used again and again, and what of them is in flight.

#include <cstddef>
#include <cstdint>
#include <string>

#include "broker/amqp/delivery.hpp"
#include "broker/source/byte_budget.hpp"
#include "broker/source/pool.hpp"

namespace mombridge::amqp {

/// Belongs to the loop's thread.
class DeliveryPool {
 public:
  explicit DeliveryPool(Settlements& settlements) : settlements_(settlements) {}

  /// One that is not in use.
  [[nodiscard]] AmqpDelivery& take() { return all_.take(settlements_); }
  /// Its message is done with. One that grew large gives its memory back.
  void recycle(AmqpDelivery& delivery) {
    delivery.bytes.clear(kKeepCapacity);
    delivery.storage.clear();
    if (delivery.deliveries_left) delivery.deliveries_left.reset();
    all_.recycle(delivery);
  }
  template <class Predicate>
  [[nodiscard]] bool any_of(Predicate&& predicate) const {
    return all_.any_of(predicate);
  }
  /// As Pool's.
  Duration trim(TimePoint now) { return all_.trim(now); }

 private:
  static constexpr size_t kKeepCapacity = 16 << 10;

  Settlements& settlements_;
  source::Pool<AmqpDelivery> all_;
};

/// What a subscription has handed out and not back, those of earlier epochs included, against its bounds. At them it
/// stops reading; it goes on when half of that is left.
class InFlight {
 public:
  /// `prefetch`: of one connection. Twice as many may be in flight, because what an earlier connection brought may
  /// still be on its way. The bytes count against the process's memory, too, by the names of broker and subscription.
  InFlight(uint64_t prefetch, uint64_t most_bytes, const std::string& broker, const std::string& subscription)
      : prefetch_(prefetch), bytes_(most_bytes, broker, subscription) {}

  void add(size_t footprint) {
    ++count_;
    bytes_.add(footprint);
  }
  void remove(size_t footprint) {
    --count_;
    bytes_.release(footprint);
  }
  [[nodiscard]] uint64_t count() const { return count_; }
  /// More than one connection may bring: it waits for room before it connects.
  [[nodiscard]] bool over_prefetch() const { return count_ > prefetch_; }
  [[nodiscard]] bool too_many() const { return count_ >= 2 * prefetch_; }
  /// Nothing more is to be read now.
  [[nodiscard]] bool full() const { return bytes_.spent() || too_many(); }
  /// Reading may go on.
  [[nodiscard]] bool has_room() const { return bytes_.half_free() && !over_prefetch(); }

 private:
  const uint64_t prefetch_;
  uint64_t count_ = 0;
  source::ByteBudget bytes_;
};

}  // namespace mombridge::amqp
