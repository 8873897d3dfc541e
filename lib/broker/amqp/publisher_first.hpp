#pragma once
// Which of a broker's connections comes first where few are allowed.

#include <functional>
#include <utility>

namespace mombridge::amqp {

/// A bridge that cannot publish must not read, because its sources would only wait. So the publisher connects first.
/// Subscriptions begin when the publisher is connected, or cannot connect for another reason than a limit of
/// connections. While such a limit keeps the publisher out, no subscription connects, and one that is connected closes
/// its connection. Belongs to its loop's thread.
class PublisherFirst {
 public:
  /// `begin`: called once, starts the subscriptions. `give_way`: closes one connection of a subscription.
  PublisherFirst(std::function<void()> begin, std::function<void()> give_way)
      : begin_(std::move(begin)), give_way_(std::move(give_way)) {}

  void publisher_up() {
    waits_ = false;
    begin();
  }
  /// An attempt failed or the connection broke; `limited`: because of a limit of connections.
  void publisher_failed(bool limited) {
    waits_ = limited;
    begin();
    if (limited) give_way_();
  }
  /// Returns true if no subscription may connect now.
  [[nodiscard]] bool publisher_waits() const { return waits_; }

 private:
  void begin() {
    if (auto begin = std::exchange(begin_, nullptr)) begin();
  }

  std::function<void()> begin_, give_way_;
  bool waits_ = false;
};

}  // namespace mombridge::amqp
