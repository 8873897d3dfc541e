#pragma once
// A destination that is a local handler.

#include <memory>
#include <string>
#include <string_view>

#include "routing/destination.hpp"

namespace mombridge::routing {

class HandlerDestination final : public Destination {
 public:
  /// `handler:` of a route. Reports what is wrong with its `reply_to:`.
  HandlerDestination(const config::Destination& config, const Compiling& compiling);

  std::optional<Refusal> prepare(Outgoing& out) const override;
  void send(Outgoing& out) const noexcept override;
  [[nodiscard]] Answers answers() const noexcept override { return Answers::itself; }
  [[nodiscard]] const Destination* reply_to() const noexcept override { return reply_to_.get(); }
  [[nodiscard]] std::string text() const override;
  [[nodiscard]] std::string explain(const Message& message, std::string_view broker) const override;

 private:
  std::string name_;
  handler::Handler* handler_;
  handler::HandlerCounts& counts_;
  std::unique_ptr<const Destination> reply_to_;
};

/// The kind with the key `handler:`.
DestinationKind handler_destination_kind();

}  // namespace mombridge::routing
