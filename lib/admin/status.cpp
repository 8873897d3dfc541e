#include "admin/status.hpp"

#include <algorithm>

#include "admin/json.hpp"
#include "broker/supervisor.hpp"

namespace mombridge::admin {

namespace {

using Json = OrderedJson;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
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
  return {{"name", broker.name},           {"type", broker.type}, {"received", broker.received},
          {"in_flight", broker.in_flight}, {"held", broker.held}, {"unrouted", broker.unrouted}};
}

Json of_subscription(const Status::Subscription& subscription) {
  return {{"broker", subscription.broker},
          {"subscription", printable(subscription.source)},
          {"received", subscription.messages},
          {"received_bytes", subscription.bytes},
          {"in_flight", subscription.in_flight},
          {"in_flight_bytes", or_null(subscription.in_flight_bytes)},
          {"waiting", or_null(subscription.waiting)},
          {"drained", subscription.drained}};
}

Json of_lag(const Status::Lag& lag) {
  return {{"broker", lag.broker},
          {"topic", printable(lag.topic)},
          {"partition", or_null(lag.partition)},
          {"messages", lag.messages}};
}

Json of_queue(const Status::Queue& queue) {
  return {{"broker", queue.broker}, {"queue", printable(queue.name)}, {"messages", queue.messages}};
}

Json of_certificate(const Status::Certificate& certificate) {
  return {
      {"broker", certificate.broker}, {"certificate", certificate.whose}, {"ends_unix_ms", certificate.ends * 1000}};
}

double milliseconds(Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(printable(text)); }

/// The counts are those of the buckets that `time_bounds_ms` ends, and of one more.
Json of_times(const std::optional<Histogram::Reading>& times) {
  if (!times) return nullptr;
  auto quantile = [&](double share) {
    auto time = times->quantile(share);
    return time ? Json(milliseconds(*time)) : Json(nullptr);
  };
  return {{"p50_ms", quantile(0.5)}, {"p99_ms", quantile(0.99)}, {"counts", times->counts}};
}

Json of_route(const Status::Route& route) {
  auto to = array_of(route.to, [](auto& destination) -> Json {
    return {{"destination", printable(destination.text)},
            {"delivered", destination.delivered},
            {"broker", or_null(destination.broker)},
            {"handler", or_null(destination.handler)},
            {"reply_to", or_null(destination.reply_to)}};
  });
  Json error = nullptr;
  if (!route.last_error.empty()) error = {{"text", route.last_error}, {"at_unix_ms", or_null(route.last_error_at)}};
  return {
      {"name", printable(route.name)},
      {"from",
       {{"broker", route.broker}, {"target", printable(route.target)}, {"subscription", or_null(route.subscription)}}},
      {"to", std::move(to)},
      {"matched", route.matched},
      {"in_flight", route.in_flight},
      {"held", route.held},
      {"retries", route.retries},
      {"dead_letters", route.dead_letters},
      {"last_error", std::move(error)},
      {"times", of_times(route.times)},
      {"dead_letter", or_null(route.dead_letter)},
      {"rate", or_null(route.rate)},
      {"limited", route.limited}};
}

Json of_worker(const std::optional<handler::WorkerStatus>& worker) {
  if (!worker) return nullptr;
  auto or_absent = [](int64_t number) { return number ? Json(number) : Json(nullptr); };
  Json end = nullptr;
  if (!worker->last_end.empty()) end = {{"text", worker->last_end}, {"at_unix_ms", worker->last_end_at}};
  return {{"state", worker->state},
          {"pid", or_absent(worker->pid)},
          {"since_unix_ms", or_absent(worker->since)},
          {"restarts", worker->restarts},
          {"last_end", std::move(end)}};
}

Json of_threads(const std::optional<handler::ThreadsStatus>& threads) {
  if (!threads) return nullptr;
  return {{"all", threads->all}, {"written_off", threads->written_off}};
}

Json of_handler(const Status::Handler& handler) {
  return {{"name", printable(handler.name)},
          {"isolation", handler.worker ? "process" : "in_process"},
          {"worker", of_worker(handler.worker)},
          {"threads", of_threads(handler.threads)},
          {"calls", handler.calls},
          {"in_flight", handler.in_flight},
          {"retries", handler.retries},
          {"rejects", handler.rejects},
          {"times", of_times(handler.times)}};
}

Json of_letter(const routing::LatestLetter& letter) {
  auto place = [](int64_t number) { return number < 0 ? Json(nullptr) : Json(number); };
  return {{"at_unix_ms", letter.unix_ms},
          {"route", or_null(letter.route)},
          {"broker", letter.broker},
          {"subscription", printable(letter.source)},
          {"target", printable(letter.target)},
          {"partition", place(letter.partition)},
          {"offset", place(letter.offset)},
          {"code", letter.code},
          {"reason", printable(letter.reason)},
          {"attempts", letter.attempts}};
}

Json of_load(const Status::Load& load) {
  return {{"ok", load.ok},
          {"loaded_unix_ms", load.at},
          {"read_unix_ms", load.read_at},
          {"text", printable(load.text)},
          {"errors", texts(load.errors)},
          {"notes", texts(load.notes)}};
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
  Json json{{"name", status.name},
            {"version", status.version},
            {"now_unix_ms", status.now},
            {"started_unix_ms", status.started},
            {"alive", status.alive()},
            {"not_live", or_null(status.not_live)},
            {"ready", status.ready()},
            {"draining", status.draining},
            {"drained", texts(status.drained)},
            {"links", array_of(status.links, of_link)},
            {"brokers", array_of(status.brokers, of_broker)},
            {"subscriptions", array_of(status.subscriptions, of_subscription)},
            {"lags", array_of(status.lags, of_lag)},
            {"queues", array_of(status.queues, of_queue)},
            {"certificates", array_of(status.certificates, of_certificate)},
            {"routes", array_of(status.routes, of_route)},
            {"handlers", array_of(status.handlers, of_handler)},
            {"time_bounds_ms", array_of(Histogram::kBounds, [](auto bound) { return milliseconds(bound); })},
            {"unrouted", status.unrouted},
            {"memory",
             {{"budget_bytes", status.memory.budget},
              {"reserved_bytes", status.memory.reserved},
              {"in_flight_bytes", status.memory.in_flight},
              {"pushed_bytes", status.memory.pushed}}},
            {"latest_dead_letters", array_of(status.latest_letters, of_letter)},
            {"stalls", status.stalls},
            {"config", of_load(status.config)}};
  if (status.ingress) json["ingress"] = of_ingress(*status.ingress);
  return json.dump(2) + "\n";
}

}  // namespace mombridge::admin
