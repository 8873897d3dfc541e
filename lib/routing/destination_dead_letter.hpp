#pragma once
// The destination of what cannot be delivered: a queue or topic, and a message that says what happened to it.

#include <memory>
#include <string>
#include <string_view>

#include "routing/destination_broker.hpp"

namespace mombridge::routing {

/// Carries Outgoing::delivery with what Outgoing::failure says, in the form that Outgoing::dead_letter has.
class DeadLetterDestination final : public Destination {
 public:
  /// `dead_letter:` of a `failures:`. Reports what BrokerDestination::compile() does.
  DeadLetterDestination(const config::Destination& config, const Compiling& compiling);

  std::optional<Refusal> prepare(Outgoing& out) const override;
  void send(Outgoing& out) const noexcept override { at_->send(out); }
  [[nodiscard]] bool away() const noexcept override { return at_->away(); }
  [[nodiscard]] std::string text() const override { return at_->text(); }
  [[nodiscard]] std::string explain(const Message& message, std::string_view broker) const override {
    return at_->explain(message, broker);
  }

 private:
  std::unique_ptr<const BrokerDestination> at_;
};

}  // namespace mombridge::routing
