#include "routing/destination_handler.hpp"

#include "handler/handler_counts.hpp"
#include "routing/destination_broker.hpp"

namespace mombridge::routing {

DestinationKind handler_destination_kind() {
  return {.key = "handler",
          .compile = [](const config::Destination& config,
                        const Compiling& compiling) -> std::unique_ptr<const Destination> {
            return std::make_unique<HandlerDestination>(config, compiling);
          }};
}

HandlerDestination::HandlerDestination(const config::Destination& config, const Compiling& compiling)
    : name_(config.handler),
      handler_(compiling.handler(config.handler)),
      counts_(handler::handler_counts().at({config.handler})) {
  if (!config.reply_to) return;
  auto reply = compiling;
  reply.route = nullptr;
  reply.mark = nullptr;
  reply.path += ".reply_to";
  reply_to_ = BrokerDestination::compile(*config.reply_to, reply);
}

std::optional<Refusal> HandlerDestination::prepare(Outgoing& out) const {
  auto& call = static_cast<handler::Call&>(out);
  call.message = out.content;
  call.broker = out.origin->section->name;
  call.attempt = out.failure.attempts + 1;
  call.counted_in = &counts_;
  return std::nullopt;
}

void HandlerDestination::send(Outgoing& out) const noexcept {
  counts_.calls.add();
  handler_->handle(out);
}

std::string HandlerDestination::text() const { return "handler " + name_; }

std::string HandlerDestination::explain(const Message& message, std::string_view broker) const {
  return "handler '" + name_ + "'" + (reply_to_ ? ", its reply to " + reply_to_->explain(message, broker) : "");
}

}  // namespace mombridge::routing
