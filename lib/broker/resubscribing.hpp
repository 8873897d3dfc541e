#pragma once
// What some kinds of brokers can beside what all can: change what they subscribe to while they run.

#include <memory>
#include <vector>

#include "config/config.hpp"
#include "message/delivery.hpp"

namespace mombridge {

/// A Broker of such a kind derives from this, too. Of other kinds, a new one takes the place of the former one.
class Resubscribing {
 public:
  /// [any thread but the broker's own, between Broker::start() and stop_intake()] Returns true if resubscribe() can
  /// change to these settings, which are those that it runs with but for their subscriptions. If not, a new broker must
  /// take its place.
  [[nodiscard]] virtual bool can_resubscribe(const config::BrokerSettings& settings) const = 0;
  /// [any thread but the broker's own, between Broker::start() and stop_intake()] `settings` are those that it runs
  /// with but for their subscriptions, and can_resubscribe() returned true for them. Subscriptions that stay hand what
  /// comes from now on to `sink`, with their numbers of `settings`, and keep their connections; new ones begin; those
  /// that are gone take nothing more, and close when what they have in flight is settled. No delivery reaches the
  /// former sink once this returns. `paused`, by number of `settings`, as Pausing::pause() takes it: those take nothing
  /// from the beginning.
  virtual void resubscribe(const std::shared_ptr<const config::BrokerSettings>& settings, Sink& sink,
                           const std::vector<bool>& paused) = 0;

 protected:
  ~Resubscribing() = default;
};

}  // namespace mombridge
