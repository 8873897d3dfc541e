#pragma once
// The deliveries of one subscription: made, handed out, settled, used again.

#include <cstdint>
#include <string>

#include "base/pace.hpp"
#include "broker/amqp/delivery.hpp"
#include "broker/amqp/delivery_pool.hpp"

namespace mombridge::amqp {

/// Belongs to the loop's thread.
class Deliveries {
 public:
  /// As InFlight's. `loop` outlives this.
  Deliveries(EventLoop& loop, uint64_t prefetch, uint64_t most_bytes, const std::string& broker,
             const std::string& subscription)
      : settlements_(loop), pool_(settlements_), in_flight_(prefetch, most_bytes, broker, subscription) {}

  [[nodiscard]] Settlements& settlements() { return settlements_; }
  [[nodiscard]] DeliveryPool& pool() { return pool_; }
  [[nodiscard]] const InFlight& in_flight() const { return in_flight_; }
  /// As Pace::rest().
  [[nodiscard]] Duration rest() const { return pace_.rest(in_flight_.count()); }

  /// The delivery, whose message is decoded, is about to be given to the sink.
  void hand_out(AmqpDelivery& delivery, TimePoint now) {
    delivery.arrived = now;
    delivery.handed_out = true;
    delivery.footprint = delivery.bytes.size() + delivery.storage.footprint();
    in_flight_.add(delivery.footprint);
  }
  /// Calls `settled(delivery)` for each delivery that came back, and then uses it again.
  template <class Settled>
  void take_settled(TimePoint now, Settled&& settled) {
    for (auto* delivery : settlements_.take()) {
      in_flight_.remove(delivery->footprint);
      pace_.took(now - delivery->arrived);
      delivery->handed_out = false;
      settled(*delivery);
      pool_.recycle(*delivery);
    }
  }

 private:
  Settlements settlements_;
  DeliveryPool pool_;
  InFlight in_flight_;
  Pace pace_;
};

}  // namespace mombridge::amqp
