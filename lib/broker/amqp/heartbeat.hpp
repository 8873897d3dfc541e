#pragma once
// When to send a heartbeat, and when the peer's are missing.

#include <algorithm>
#include <cstdint>

#include "base/clock.hpp"

namespace mombridge::amqp {

/// Decides; the caller has the timer and the clock. A connection is given up after two intervals without a byte from
/// the broker. Source: AMQP 0-9-1 specification, 4.2.7; rabbitmq.com/docs/heartbeats.
class Heartbeat {
 public:
  enum class Next : uint8_t {
    nothing,
    beat,  ///< send a heartbeat frame
    dead,  ///< the broker is gone
  };

  /// `interval`: as agreed with the broker; zero: there are no heartbeats.
  void begin(Duration interval, TimePoint now) {
    interval_ = interval;
    due_ = now + period();
    excused_ = now;
  }
  [[nodiscard]] bool wanted() const { return interval_ > Duration::zero(); }
  /// How long until check() is to be called, from begin() or from the last check() on.
  [[nodiscard]] Duration period() const { return interval_ / 2; }

  /// `received`, `sent`: when the last bytes were. `reading`: the broker can be heard. `writing`: bytes wait to be
  /// written, and no heartbeat behind them would arrive any sooner.
  [[nodiscard]] Next check(TimePoint now, TimePoint received, TimePoint sent, bool reading, bool writing) {
    // So late a check means that this process or the whole machine stood still, a broker on it too: what the broker
    // would have said may be on its way. A connection that it has given up meanwhile ends by itself.
    if (now - due_ > period()) excused_ = now;
    due_ = now + period();
    if (reading && now - std::max(received, excused_) > 2 * interval_) return Next::dead;
    return now - sent >= period() && !writing ? Next::beat : Next::nothing;
  }

 private:
  Duration interval_{};
  TimePoint due_{};
  TimePoint excused_{};  ///< silence before this is not the broker's
};

}  // namespace mombridge::amqp
