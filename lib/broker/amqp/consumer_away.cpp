// What a subscription does when the destinations of its messages are away.

#include <algorithm>

#include "base/counters.hpp"
#include "broker/amqp/consumer.hpp"

namespace mombridge::amqp {

void Consumer::open() {
  // Two lots at most: with a new one at each reconnect, what waits here for a destination that is away would grow
  // without bound.
  if (in_flight_ > settings_.prefetch_count) return pause("what an earlier connection delivered is still on its way");
  connection_.open();
}

void Consumer::pause(const std::string& why) {
  paused_ = true;
  ++epoch_;
  supervisor_.pause(why);
  if (connection_.is_open()) connection_.say_goodbye();
}

void Consumer::resume() {
  paused_ = false;
  live_epoch_ = epoch_;
  supervisor_.resume();
}

void Consumer::watch_away() {
  if (away_timer_ || !in_flight_) return;
  away_timer_ = loop_.after(settings_.give_back_after / 4, [this] {
    away_timer_ = 0;
    auto since = Clock::now() - settings_.give_back_after;
    auto waits = [&](AmqpDelivery& d) {
      return d.handed_out && d.epoch == epoch_ && d.arrived < since && d.attachment && d.attachment->away();
    };
    if (!paused_ && sink_ && connection_.is_open() && std::ranges::any_of(deliveries_, waits)) give_back();
    watch_away();
  });
}

// Left alone, the broker would close the channel (consumer_timeout), we would take the same messages again at once, and
// each such round counts against a quorum queue's delivery limit. So they go back once. What is in flight goes on
// waiting here and does not become stale before one of them got through: that shows that the destination is back.
void Consumer::give_back() {
  counter("given_back").add(in_flight_);
  take_settled();
  flush_acks(true);
  pause("its destination has been away for long: " + std::to_string(in_flight_) + " messages were given back");
}

}  // namespace mombridge::amqp
