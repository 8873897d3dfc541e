#pragma once
// What kinds of brokers can whose subscriptions may take nothing for a while.

#include <vector>

namespace mombridge {

/// A Broker of such a kind derives from this, too.
class Pausing {
 public:
  /// [any thread but the broker's own, before Broker::start() or after it, up to stop_intake()] By number of the
  /// subscription in the present settings: those that are true take nothing from now on, and the others go on, or
  /// again. Subscriptions behind the end go on. No delivery of a paused one reaches the sink once this returns; what is
  /// in flight is settled as ever.
  virtual void pause(const std::vector<bool>& paused) = 0;

 protected:
  ~Pausing() = default;
};

}  // namespace mombridge
