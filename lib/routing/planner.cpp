#include "routing/planner.hpp"

#include <algorithm>

#include "routing/events.hpp"
#include "routing/taps.hpp"

namespace mombridge::routing {

namespace {

/// The first in the file that can answer a request gets it as one.
const Destination* first_that_answers(const std::vector<const Route*>& routes) {
  for (auto* route : routes)
    for (auto& to : route->to)
      if (to->answers() != Answers::no) return to.get();
  return nullptr;
}

Part part_of(const Destination& to, const Destination* answering) {
  return !answering ? Part::plain : &to == answering ? Part::answers : Part::without_reply_address;
}

/// Why the message must not go this way again; empty: it may.
std::string_view loop(const Route& route, const Hops& hops) {
  static const std::string kTooOften = "loop: passed " + std::to_string(kMaxHops) + " bridges or more";
  if (hops.count() >= kMaxHops) return kTooOften;
  return hops.passed(route.mark) ? "loop: this route has sent it already, and it has come back" : "";
}

/// Where the policy has an end for a message that is given up.
bool ends(const FailurePolicy& policy) { return policy.dead_letter || policy.reject_when_exhausted; }

constexpr std::string_view kDeliveryLimit = "delivery_limit";

events::Subject subject(const Received& received, std::string_view route) {
  return {*received.delivery, *received.origin->endpoint.section, route};
}

bool is_request(const Message& message) { return message.reply_to && !message.reply_to->empty(); }

}  // namespace

void Planner::launch(FanOut& fan_out, const std::vector<const Route*>& routes) noexcept {
  if (Taps::active()) [[unlikely]] {
    auto received = fan_out.received();
    taps().arrived({*received.delivery, *received.origin->endpoint.section, routes, fan_out.is_reply()});
  }
  if (fan_out.received().delivery->deliveries_left && launch_last_delivery(fan_out, routes)) [[unlikely]]
    return;
  plan(fan_out, routes);
  fan_out.launch();
}

void Planner::plan(FanOut& fan_out, const std::vector<const Route*>& routes) {
  if (fan_out.is_reply())
    fan_out.add().return_reply(fan_out.received());
  else if (routes.empty())
    plan_unrouted(fan_out);
  else
    plan_routes(fan_out, routes);
}

void Planner::plan_routes(FanOut& fan_out, const std::vector<const Route*>& routes) {
  auto received = fan_out.received();
  auto& message = received.delivery->message;
  Hops hops(message);
  auto* answering = is_request(message) ? first_that_answers(routes) : nullptr;
  for (auto* route : routes) {
    route->matched->add();
    auto looped = loop(*route, hops);
    if (!looped.empty()) events::looped(subject(received, route->config->name), looped);
    for (auto& to : route->to) {
      auto& attempt = fan_out.add();
      if (looped.empty())
        attempt.deliver(received, *route, *to, part_of(*to, answering));
      else
        attempt.give_up(received, route, *route->failures, "loop", std::string(looped));
    }
  }
  if (is_request(message) && !answering) plain_requests_.add();
}

void Planner::plan_unrouted(FanOut& fan_out) {
  auto received = fan_out.received();
  auto& table = *received.table;
  bool discard = table.discard_unrouted();
  unrouted_.add();
  if (discard) return events::discarded(subject(received, kUnrouted));
  events::unrouted(subject(received, kUnrouted));
  fan_out.add().give_up(received, nullptr, *table.default_failures(), "unrouted", "no route takes it");
}

// Its source may drop the message after this delivery: it goes to the dead letter, or a copy back into its queue.
// Returns false if it is handled as any other.
bool Planner::launch_last_delivery(FanOut& fan_out, const std::vector<const Route*>& routes) {
  auto received = fan_out.received();
  auto& left = *received.delivery->deliveries_left;
  auto& defaults = *received.table->default_failures();
  bool is_reply = fan_out.is_reply();
  bool all_end = is_reply || routes.empty()
                     ? ends(defaults)
                     : std::ranges::all_of(routes, [](auto* route) { return ends(*route->failures); });
  if (left.another) {
    if (!all_end)
      events::near_delivery_limit(subject(received, routes.empty() ? kUnrouted : routes.front()->config->name),
                                  left.reason);
    return false;
  }
  if (!is_reply && routes.empty()) return false;  // nothing is tried with it that it could disturb
  if (left.dead_letter && all_end) {
    if (is_reply) fan_out.add().give_up(received, nullptr, defaults, kDeliveryLimit, left.reason);
    for (auto* route : routes) fan_out.add().give_up(received, route, *route->failures, kDeliveryLimit, left.reason);
    fan_out.launch();
    return true;
  }
  fan_out.add().put_back(received, !left.known);
  if (!left.known) plan(fan_out, routes);
  fan_out.launch_first();
  return true;
}

}  // namespace mombridge::routing
