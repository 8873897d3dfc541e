#pragma once
// What the destinations have in common that a broker's section stands for by itself, without a line in a route.

#include "routing/destination.hpp"

namespace mombridge::routing {

class EndpointDestination : public Destination {
 public:
  /// `endpoint` outlives this.
  explicit EndpointDestination(const Endpoint& endpoint) : endpoint_(endpoint) {}

  void send(Outgoing& out) const noexcept override;
  [[nodiscard]] bool away() const noexcept override { return routing::away(endpoint_); }

 protected:
  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }

 private:
  const Endpoint& endpoint_;
};

}  // namespace mombridge::routing
