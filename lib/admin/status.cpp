#include "admin/status.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "broker/supervisor.hpp"

namespace mombridge::admin {

namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

template <class List, class Each>
Json array_of(const List& list, Each each) {
  auto array = Json::array();
  for (auto& item : list) array.push_back(each(item));
  return array;
}

Json of_link(const Status::Link& link) {
  auto& status = link.status;
  return {{"broker", link.broker},
          {"link", printable(status.link)},
          {"role", status.role == LinkStatus::Role::publisher ? "publisher" : "subscription"},
          {"state", to_string(status.state)},
          {"detail", printable(status.detail)},
          {"since_unix_ms", or_null(link.since)}};
}

Json of_broker(const Status::Broker& broker) {
  return {{"name", broker.name},
          {"type", broker.type},
          {"received", broker.received},
          {"in_flight", broker.in_flight},
          {"held", broker.held}};
}

Json of_subscription(const Status::Subscription& subscription) {
  return {{"broker", subscription.broker},
          {"subscription", printable(subscription.source)},
          {"received", subscription.messages},
          {"received_bytes", subscription.bytes},
          {"in_flight", subscription.in_flight}};
}

Json of_route(const Status::Route& route) {
  auto to = array_of(route.to, [](auto& destination) -> Json {
    return {{"destination", printable(destination.text)}, {"delivered", destination.delivered}};
  });
  Json error = nullptr;
  if (!route.last_error.empty()) error = {{"text", route.last_error}, {"at_unix_ms", or_null(route.last_error_at)}};
  return {{"name", printable(route.name)}, {"from", {{"broker", route.broker}, {"target", printable(route.target)}}},
          {"to", std::move(to)},           {"matched", route.matched},
          {"in_flight", route.in_flight},  {"held", route.held},
          {"retries", route.retries},      {"dead_letters", route.dead_letters},
          {"last_error", std::move(error)}};
}

Json of_ingress(const Status::Ingress& ingress) {
  auto ends = array_of(ingress.ends, [](auto& ended) -> Json {
    return {{"broker", ended.broker}, {"outcome", ended.outcome}, {"requests", ended.count}};
  });
  return {{"listen", ingress.listen},
          {"connections", ingress.connections},
          {"open", ingress.open},
          {"waiting_bytes", ingress.waiting_bytes},
          {"clients_gone", ingress.unheard},
          {"late_replies", ingress.late_replies},
          {"ended", std::move(ends)}};
}

}  // namespace

bool Status::ready() const {
  return !draining && std::ranges::all_of(links, [](auto& link) { return link.status.state == LinkStatus::State::up; });
}

std::string to_json(const Status& status) {
  Json json{
      {"name", status.name},
      {"version", status.version},
      {"now_unix_ms", status.now},
      {"started_unix_ms", status.started},
      {"alive", status.alive()},
      {"ready", status.ready()},
      {"draining", status.draining},
      {"links", array_of(status.links, of_link)},
      {"brokers", array_of(status.brokers, of_broker)},
      {"subscriptions", array_of(status.subscriptions, of_subscription)},
      {"routes", array_of(status.routes, of_route)},
      {"unrouted", status.unrouted},
      {"stalls", status.stalls},
      {"config",
       {{"ok", status.config.ok}, {"loaded_unix_ms", status.config.at}, {"text", printable(status.config.text)}}}};
  if (status.ingress) json["ingress"] = of_ingress(*status.ingress);
  return json.dump(2) + "\n";
}

}  // namespace mombridge::admin
