#include "routing/ingress.hpp"

#include <algorithm>

namespace mombridge::routing {

Ingress::Ingress(const std::string& broker, size_t subscriptions, RetryQueue& queue)
    : broker_(broker),
      queue_(queue),
      planner_(broker),
      received_(counter("received", broker)),
      intakes_(std::max<size_t>(subscriptions, 1)) {}

void Ingress::go_by(const std::shared_ptr<const RouteTable>& table) {
  uses_.use(table, table ? table->origin(broker_) : nullptr);
}

void Ingress::receive(DeliveryHandle delivery) noexcept {
  auto subscription = delivery->subscription;
  auto& intake = intakes_[std::min<size_t>(subscription, intakes_.size() - 1)];
  while (!intake.use || !intake.use->enter())
    if (!renew(intake, subscription)) return;
  received_.add();
  intake.counts->messages.add();
  intake.counts->bytes.add(delivery->message.body.size());
  auto& use = *intake.use;
  if (!delivery->attachment) delivery->attachment = std::make_unique<FanOut>(queue_);
  auto& fan_out = static_cast<FanOut&>(*delivery->attachment);
  use.origin().match(subscription, delivery->message, intake.matches);
  fan_out.begin(std::move(delivery), use);
  planner_.launch(fan_out, intake.matches.routes);
}

bool Ingress::renew(Intake& intake, uint32_t subscription) {
  intake.use = uses_.renew(subscription);
  if (!intake.use) return false;
  intake.counts = &received_messages().at({planner_.broker(), intake.use->source()});
  return true;
}

}  // namespace mombridge::routing
