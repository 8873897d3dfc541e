#pragma once
// What the router gave back comes again after a pause.

#include <chrono>
#include <functional>
#include <utility>

#include "base/backoff.hpp"
#include "base/event_loop.hpp"

namespace mombridge::source {

/// For sources whose broker does not deliver a message anew by itself. `D` is the source's delivery; its member `tries`
/// counts how often it was given back, and the source sets it to 0 for a new message. For the loop's thread.
template <class D>
class Redelivery {
 public:
  /// `hand_out` gives the delivery to the sink again; by then the message says that it was redelivered. The loop must
  /// not run timers any more when this is destroyed.
  Redelivery(EventLoop& loop, std::function<void(D&)> hand_out) : loop_(loop), hand_out_(std::move(hand_out)) {}
  Redelivery(const Redelivery&) = delete;
  Redelivery& operator=(const Redelivery&) = delete;

  /// Hands the delivery out again, the later the more often it came back: from 10 ms up to 1 s.
  void schedule(D& delivery) {
    loop_.after(backoff_.at(++delivery.tries), [this, &delivery] {
      delivery.message.redelivered = true;
      hand_out_(delivery);
    });
  }

 private:
  EventLoop& loop_;
  const std::function<void(D&)> hand_out_;
  const Backoff backoff_{std::chrono::milliseconds(10), std::chrono::seconds(1)};
};

}  // namespace mombridge::source
