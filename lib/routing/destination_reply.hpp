#pragma once
// A destination that is whoever sent a request: the reply address at the broker that the request came from.

#include <string>
#include <string_view>

#include "routing/destination.hpp"

namespace mombridge::routing {

class ReplyDestination final : public Destination {
 public:
  /// `endpoint`, whose requesters it stands for, outlives this.
  explicit ReplyDestination(const Endpoint& endpoint) : endpoint_(endpoint) {}

  std::optional<Refusal> prepare(Outgoing& out) const override;
  void send(Outgoing& out) const noexcept override;
  [[nodiscard]] bool away() const noexcept override { return routing::away(endpoint_); }
  /// The name of the broker: requesters are many.
  [[nodiscard]] std::string text() const override;
  [[nodiscard]] std::string explain(const Message& message, std::string_view broker) const override;

 private:
  const Endpoint& endpoint_;
};

}  // namespace mombridge::routing
