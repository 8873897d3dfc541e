#pragma once
// The subscriptions of one broker: those that it has now, and those that it had and that still have something in
// flight.

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "broker/amqp/consumer.hpp"
#include "broker/amqp/settings.hpp"
#include "broker/broker.hpp"

namespace mombridge::amqp {

/// Belongs to the loop's thread, apart from status().
class ConsumerSet {
 public:
  /// Makes the consumer of one subscription.
  using Make = std::function<std::unique_ptr<Consumer>(const Settings& settings, size_t index)>;

  ConsumerSet(EventLoop& loop, std::shared_ptr<const Settings> settings, Make make);

  /// Connects all. Deliveries go to `sink` until stop_intake().
  void start(Sink& sink);
  /// Before start(), also without a sink, or after it. Subscriptions that stay go on, and hand what comes to `sink`
  /// with their numbers of `settings`; new ones begin, once start() was called; others, and those that are `paused` by
  /// their number, take nothing more, and close when nothing of them is in flight.
  void change_to(const std::shared_ptr<const Settings>& settings, Sink* sink, const std::vector<bool>& paused);
  void stop_intake();
  /// To be called in each round of the loop, after the consumers were served.
  void close_idle();

  /// All of them, also those that are closing.
  template <class Visitor>
  void each(Visitor&& visit) {
    for (auto& one : present_) visit(*one.consumer);
    for (auto& one : leaving_) visit(*one.consumer);
  }
  [[nodiscard]] size_t size() const { return present_.size() + leaving_.size(); }
  /// The one of the bridge's own reply queue, which is there for as long as this; null: there is none.
  [[nodiscard]] const Consumer* replies() const { return replies_; }
  /// One subscription closes its connection for the publisher's: the last one of the file, and the one that replies
  /// come through only where there is no other.
  void give_way();

  /// [any thread] Of those that it has now.
  [[nodiscard]] std::vector<LinkStatus> status() const;

 private:
  struct One {
    std::shared_ptr<const Settings> settings;  ///< the consumer's
    size_t index = 0;                          ///< in these
    std::unique_ptr<Consumer> consumer;
    bool closing = false;
  };

  EventLoop& loop_;
  const Make make_;
  mutable std::mutex mutex_;  ///< guards changes of `present_`
  std::vector<One> present_;  ///< in the order of the file
  std::vector<One> leaving_;
  const Consumer* replies_ = nullptr;
  bool started_ = false;
};

}  // namespace mombridge::amqp
