#pragma once
// A destination that is the queue a message came from: a copy at its end, where its deliveries are counted from the
// beginning.

#include <string>
#include <string_view>

#include "routing/destination.hpp"

namespace mombridge::routing {

/// For deliveries that say how they get back (Delivery::deliveries_left).
class SourceDestination final : public Destination {
 public:
  /// `endpoint`, whose queues it stands for, outlives this.
  explicit SourceDestination(const Endpoint& endpoint) : endpoint_(endpoint) {}

  std::optional<Refusal> prepare(Outgoing& out) const override;
  void send(Outgoing& out) const noexcept override;
  [[nodiscard]] bool away() const noexcept override { return routing::away(endpoint_); }
  [[nodiscard]] std::string text() const override;
  [[nodiscard]] std::string explain(const Message& message, std::string_view broker) const override;

 private:
  const Endpoint& endpoint_;
};

}  // namespace mombridge::routing
