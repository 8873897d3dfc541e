#include "admin/metrics.hpp"

#include <initializer_list>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <utility>
#include <vector>

#include "admin/process.hpp"
#include "base/counters.hpp"
#include "base/text.hpp"
#include "broker/supervisor.hpp"
#include "handler/requests.hpp"
#include "handler/runner_status.hpp"
#include "routing/route_counts.hpp"

namespace mombridge::admin {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

/// One family under construction.
class Metric {
 public:
  Metric(std::vector<MetricFamily>& all, MetricType type, const char* name, const char* help)
      : family_(all.emplace_back(MetricFamily{name, help, type, {}})) {}

  void add(Labels labels, double value) {
    auto& metric = series(std::move(labels));
    (family_.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  }

  void add(Labels labels, const Histogram::Reading& reading) {
    auto& histogram = series(std::move(labels)).histogram;
    uint64_t sum = 0;
    for (size_t i = 0; i < Histogram::kBounds.size(); ++i) {
      sum += reading.counts[i];
      histogram.bucket.push_back({sum, seconds(Histogram::kBounds[i])});
    }
    histogram.sample_count = reading.count();
    histogram.sample_sum = seconds(reading.sum);
  }

 private:
  ClientMetric& series(Labels labels) {
    auto& metric = family_.metric.emplace_back();
    for (auto& label : labels) label.value = printable(label.value);
    metric.label = std::move(labels);
    return metric;
  }

  MetricFamily& family_;
};

class Exposition {
 public:
  explicit Exposition(const Status& status) : status_(status) { all_.reserve(64); }  // Metric keeps references

  std::string text() {
    add_sources();
    add_routes();
    add_workers();
    add_replies();
    add_links();
    if (status_.ingress) add_ingress(*status_.ingress);
    add_config();
    add_process();
    std::erase_if(all_, [](auto& family) { return family.metric.empty(); });
    return prometheus::TextSerializer().Serialize(all_);
  }

 private:
  Metric counter_of(const char* name, const char* help) { return {all_, MetricType::Counter, name, help}; }
  Metric gauge_of(const char* name, const char* help) { return {all_, MetricType::Gauge, name, help}; }

  void add_sources() {
    auto messages = counter_of("mombridge_received_messages_total", "Messages received, by subscription.");
    auto bytes = counter_of("mombridge_received_bytes_total", "Bytes of the bodies of messages received.");
    for (auto& [labels, counts] : routing::received_messages().all()) {
      Labels named{{"broker", labels[0]}, {"subscription", labels[1]}};
      messages.add(named, static_cast<double>(counts->messages.value()));
      bytes.add(named, static_cast<double>(counts->bytes.value()));
    }
    auto flying = gauge_of("mombridge_in_flight_messages", "Messages received and not settled yet.");
    for (auto& one : status_.subscriptions)
      flying.add({{"broker", one.broker}, {"subscription", one.source}}, static_cast<double>(one.in_flight));
    auto flying_bytes = gauge_of("mombridge_in_flight_bytes", "Bytes of the memory budget that these take.");
    for (auto& one : status_.subscriptions)
      if (one.in_flight_bytes)
        flying_bytes.add({{"broker", one.broker}, {"subscription", one.source}},
                         static_cast<double>(*one.in_flight_bytes));
    auto lag = gauge_of("mombridge_consumer_lag_messages", "Messages from the first unsettled to the partition's end.");
    for (auto& one : status_.lags)
      lag.add(one.partition
                  ? Labels{{"broker", one.broker}, {"topic", one.topic}, {"partition", std::to_string(*one.partition)}}
                  : Labels{{"broker", one.broker}, {"topic", one.topic}},
              static_cast<double>(one.messages));
    auto depth = gauge_of("mombridge_queue_depth_messages", "Messages that are ready in a queue that is consumed.");
    for (auto& one : status_.queues)
      depth.add({{"broker", one.broker}, {"queue", one.name}}, static_cast<double>(one.messages));
    gauge_of("mombridge_memory_budget_bytes", "Bytes that messages may take, over all subscriptions.")
        .add({}, static_cast<double>(status_.memory.budget));
    gauge_of("mombridge_memory_reserved_bytes", "Of the budget, for what client libraries fetch ahead.")
        .add({}, static_cast<double>(status_.memory.reserved));
    gauge_of("mombridge_memory_pushed_bytes", "Of the budget, what handlers publish and HTTP requests bring.")
        .add({}, static_cast<double>(status_.memory.pushed));
    auto unrouted = counter_of("mombridge_unrouted_messages_total", "Messages that no route took.");
    for (auto& [labels, count] : routing::unrouted_messages().all())
      unrouted.add({{"broker", labels[0]}}, static_cast<double>(count->value()));
  }

  void add_routes() {
    auto delivered = counter_of("mombridge_delivered_messages_total", "Messages that a route's destination has taken.");
    for (auto& [labels, count] : routing::delivered_messages().all())
      delivered.add({{"route", labels[0]}, {"destination", labels[1]}}, static_cast<double>(count->value()));
    auto retries = counter_of("mombridge_retries_total", "Failed attempts after which a message is tried again.");
    auto dead = counter_of("mombridge_dead_letters_total", "Messages that went to the dead letter.");
    auto held = gauge_of("mombridge_held_messages", "Messages that only wait for the operator.");
    auto requests = counter_of("mombridge_requests_total", "Requests, which wait for a reply.");
    Metric took(all_, MetricType::Histogram, "mombridge_delivery_seconds",
                "From receiving a message to its settlement.");
    for (auto& [labels, counts] : routing::route_counts().all()) {
      Labels route{{"route", labels[0]}};
      retries.add(route, static_cast<double>(counts->retries.value()));
      held.add(route, static_cast<double>(counts->held.value()));
      requests.add(route, static_cast<double>(counts->requests.value()));
      took.add(route, counts->seconds.read());
      for (size_t i = 0; i < counts->kReasons.size(); ++i)
        if (auto count = counts->dead_letters[i].value())
          dead.add({{"route", labels[0]}, {"reason", std::string(counts->kReasons[i])}}, static_cast<double>(count));
    }
    Metric handled(all_, MetricType::Histogram, "mombridge_handler_seconds", "From a handler's call to its end.");
    for (auto& [labels, histogram] : handler::handler_seconds().all())
      handled.add({{"handler", labels[0]}}, histogram->read());
  }

  void add_workers() {
    auto restarts = counter_of("mombridge_worker_restarts_total", "How often a handler's worker was started again.");
    for (auto& handler : status_.handlers)
      if (handler.worker)
        restarts.add({{"handler", handler.name}},
                     static_cast<double>(handler::worker_restarts().at({handler.name}).value()));
  }

  void add_replies() {
    auto replies = counter_of("mombridge_replies_total", "Replies, and what became of them.");
    constexpr std::pair<const char*, const char*> kOutcomes[] = {
        {"replies", "delivered"},
        {"error_replies", "error"},
        {"reply_undeliverable", "undeliverable"},
        {"reply_without_address", "without_address"},
    };
    for (auto& [name, outcome] : kOutcomes)
      replies.add({{"outcome", outcome}}, static_cast<double>(counter(name).value()));
    constexpr std::string_view kUnusable = "reply_unusable{";
    for (auto& [name, value] : counters())
      if (name.starts_with(kUnusable))
        replies.add({{"outcome", name.substr(kUnusable.size(), name.size() - kUnusable.size() - 1)}},
                    static_cast<double>(value));
  }

  void add_links() {
    auto up = gauge_of("mombridge_link_up", "1 while the link is up.");
    for (auto& link : status_.links)
      up.add({{"broker", link.broker}, {"link", link.status.link}}, link.status.state == LinkStatus::State::up ? 1 : 0);
    auto again = counter_of("mombridge_reconnects_total", "How often a connection that was up has come up again.");
    for (auto& [labels, count] : reconnects().all())
      again.add({{"broker", labels[0]}, {"link", labels[1]}}, static_cast<double>(count->value()));
    auto blocked = counter_of("mombridge_link_blocked_seconds_total", "How long the link has been in state blocked.");
    for (auto& [labels, time] : blocked_times().all())
      blocked.add({{"broker", labels[0]}, {"link", labels[1]}}, seconds(time->value()));
    auto ends = gauge_of("mombridge_certificate_not_after_timestamp_seconds", "When a certificate ends, since 1970.");
    for (auto& one : status_.certificates)
      ends.add({{"broker", one.broker}, {"certificate", one.whose}}, static_cast<double>(one.ends));
  }

  void add_ingress(const Status::Ingress& ingress) {
    auto requests = counter_of("mombridge_ingress_requests_total", "HTTP requests to the ingress, by how they ended.");
    for (auto& ended : ingress.ends)
      requests.add({{"broker", ended.broker}, {"outcome", ended.outcome}}, static_cast<double>(ended.count));
    gauge_of("mombridge_ingress_open_requests", "HTTP requests that wait for their answer.")
        .add({}, static_cast<double>(ingress.open));
    gauge_of("mombridge_ingress_waiting_bytes", "Bytes of the bodies of such requests.")
        .add({}, static_cast<double>(ingress.waiting_bytes));
    gauge_of("mombridge_ingress_connections", "Open HTTP connections to the ingress.")
        .add({}, static_cast<double>(ingress.connections));
    counter_of("mombridge_ingress_clients_gone_total", "HTTP clients that closed their connection before the answer.")
        .add({}, static_cast<double>(ingress.unheard));
    counter_of("mombridge_ingress_late_replies_total", "Replies that no HTTP client waited for any more.")
        .add({}, static_cast<double>(ingress.late_replies));
  }

  void add_config() {
    gauge_of("mombridge_config_last_reload_successful", "1 if the configuration could be used when it was read last.")
        .add({}, status_.config.ok ? 1 : 0);
    gauge_of("mombridge_config_last_reload_seconds", "When the configuration was taken last, in seconds since 1970.")
        .add({}, static_cast<double>(status_.config.at) / 1000);
    gauge_of("mombridge_build_info", "1; the version is a label.").add({{"version", status_.version}}, 1);
  }

  void add_process() {
    auto use = process_use();
    auto add = [this](MetricType type, const char* name, const char* help, auto value) {
      if (value) Metric(all_, type, name, help).add({}, static_cast<double>(*value));
    };
    add(MetricType::Counter, "process_cpu_seconds_total", "CPU time, user and system.", use.cpu_seconds);
    add(MetricType::Gauge, "process_resident_memory_bytes", "Resident memory.", use.resident_bytes);
    add(MetricType::Gauge, "process_virtual_memory_bytes", "Virtual memory.", use.virtual_bytes);
    add(MetricType::Gauge, "process_open_fds", "Open file descriptors.", use.open_files);
    add(MetricType::Gauge, "process_max_fds", "The most that may be open.", use.most_files);
    add(MetricType::Gauge, "process_threads", "Threads.", use.threads);
    gauge_of("process_start_time_seconds", "When the process began, in seconds since 1970.")
        .add({}, static_cast<double>(status_.started) / 1000);
  }

  const Status& status_;
  std::vector<MetricFamily> all_;
};

}  // namespace

std::string metrics_text(const Status& status) { return Exposition(status).text(); }

}  // namespace mombridge::admin
