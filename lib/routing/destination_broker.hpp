#pragma once
// A destination at a broker: a target that is rendered from the message, with exchange, key and headers.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "routing/destination.hpp"
#include "routing/template.hpp"

namespace mombridge::routing {

class BrokerDestination final : public Destination {
 public:
  /// `broker:` of a route, of a handler's `reply_to:` or of a dead letter. Reports templates that cannot be compiled,
  /// a target that a message could choose freely, and a name that no broker takes.
  static std::unique_ptr<const BrokerDestination> compile(const config::Destination& config,
                                                          const Compiling& compiling);

  std::optional<Refusal> prepare(Outgoing& out) const override;
  void send(Outgoing& out) const noexcept override;
  [[nodiscard]] Answers answers() const noexcept override;
  [[nodiscard]] bool away() const noexcept override;
  [[nodiscard]] std::string text() const override;
  [[nodiscard]] std::string explain(const Message& message, std::string_view broker) const override;

  [[nodiscard]] const Endpoint& endpoint() const { return *endpoint_; }
  [[nodiscard]] const config::Destination& config() const { return config_; }

 private:
  /// A header that the destination adds.
  struct AddedHeader {
    std::string name;
    Template text;               ///< where it is text
    std::optional<Value> typed;  ///< else
  };

  BrokerDestination(const config::Destination& config, const Compiling& compiling);
  Template parse(const config::Text& text, const std::string& path, config::Diagnostics& diagnostics);
  void check_target(const std::string& path, config::Diagnostics& diagnostics) const;
  Result<std::string_view> render_target(const Message& message, std::string_view broker, std::string& storage) const;
  [[nodiscard]] std::optional<std::string> sure_target() const;
  [[nodiscard]] bool allowed(std::string_view target) const;
  Result<> render(Outgoing& out) const;
  Result<> render_headers(Outgoing& out) const;
  [[nodiscard]] std::optional<Refusal> address(Outgoing& out) const;
  [[nodiscard]] Result<std::string> rendered_text(const Message& message, std::string_view broker) const;

  const config::Destination& config_;
  const Endpoint* endpoint_;
  const reply::Replier& replier_;
  const config::Route* route_;
  const RouteMark* mark_;
  Template target_;
  std::optional<Template> key_;
  std::vector<AddedHeader> headers_;
};

/// The kind with the key `broker:`.
DestinationKind broker_destination_kind();

}  // namespace mombridge::routing
