#include "admin/observation.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "admin/process.hpp"
#include "base/text.hpp"
#include "broker/figures.hpp"
#include "broker/source/memory_budget.hpp"
#include "handler/handler_counts.hpp"
#include "handler/requests.hpp"
#include "routing/route_counts.hpp"

namespace mombridge::admin {

namespace {

class Observer {
 public:
  explicit Observer(const Observation& bridge) : bridge_(bridge), config_(bridge.snapshot.config()) {}

  Status look() {
    status_.name = config_.name;
    status_.version = program_version();
    status_.now = now_.unix_ms;
    status_.started = process_started();
    status_.draining = bridge_.draining;
    status_.not_live = bridge_.not_live;
    status_.config = bridge_.config;
    for (auto& section : bridge_.drained.sections()) status_.drained.push_back(section.text());
    for (auto& [broker, link] : bridge_.stalls) status_.stalls.push_back(broker + ": " + link.detail);
    for (auto& [labels, count] : routing::unrouted_messages().all()) status_.unrouted += count->value();
    add_memory();
    add_brokers();
    for (auto& route : bridge_.snapshot.table().routes()) add_route(*route);
    for (auto* runner : bridge_.snapshot.handlers().runners()) add_handler(*runner);
    status_.latest_letters = routing::latest_letters().read();
    return std::move(status_);
  }

 private:
  void add_brokers() {
    std::map<std::pair<std::string, std::string>, uint64_t> in_flight;
    for (auto& one : bridge_.router.in_flight_by_subscription())
      in_flight[{one.broker, one.subscription}] += one.messages;
    auto held = bridge_.router.held_by_broker();
    for (auto& section : config_.brokers) {
      Status::Broker broker{section.name, section.type, 0, 0, held[section.name]};
      broker.unrouted = routing::unrouted_messages().at({section.name}).value();
      auto drained = drained_sources(section);
      for (auto& source : sources(section)) {
        auto& counts = routing::received_messages().at({section.name, source});
        auto flying = in_flight[{section.name, source}];
        broker.received += counts.messages.value();
        broker.in_flight += flying;
        status_.subscriptions.push_back({section.name, source, counts.messages.value(), counts.bytes.value(), flying,
                                         drained.contains(source), memory_of(section.name, source)});
      }
      status_.brokers.push_back(std::move(broker));
      add_links(section.name);
      add_figures(section.name);
    }
  }

  void add_memory() {
    auto& budget = source::memory_budget();
    memory_ = budget.uses();
    status_.memory = {budget.bytes(), budget.reserved(), 0, budget.pushed()};
    for (auto& [names, bytes] : memory_) status_.memory.in_flight += bytes;
  }

  [[nodiscard]] std::optional<uint64_t> memory_of(const std::string& broker, const std::string& source) const {
    auto found = memory_.find({broker, source});
    return found == memory_.end() ? std::nullopt : std::optional(found->second);
  }

  // Several subscriptions of one source count as one.
  static std::vector<std::string> sources(const config::BrokerSection& section) {
    std::vector<std::string> names;
    for (size_t i = 0; i < section.settings->subscription_count(); ++i) {
      auto& name = section.settings->subscription(i).source;
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
    return names;
  }

  std::set<std::string> drained_sources(const config::BrokerSection& section) {
    std::set<std::string> names;
    auto paused = bridge_.drained.paused(section, config_);
    for (size_t i = 0; i < paused.size(); ++i)
      if (paused[i]) names.insert(section.settings->subscription(i).source);
    return names;
  }

  void add_links(const std::string& broker) {
    auto found = bridge_.snapshot.brokers().find(broker);
    if (found == bridge_.snapshot.brokers().end()) return;
    for (auto& link : found->second->status()) {
      std::optional<int64_t> since;
      if (link.since != TimePoint{}) since = wall(link.since);
      status_.links.push_back({broker, link, since});
    }
  }

  void add_figures(const std::string& broker) {
    auto found = bridge_.snapshot.brokers().find(broker);
    auto* measured = found == bridge_.snapshot.brokers().end() ? nullptr : dynamic_cast<Measured*>(&*found->second);
    if (!measured) return;
    if (bridge_.wants_figures) measured->want_figures();
    auto figures = measured->figures();
    for (auto& lag : figures.lags) {
      status_.lags.push_back({broker, lag.topic, lag.partition, lag.messages});
      if (auto* subscription = find(broker, lag.topic)) add(subscription->waiting, lag.messages);
    }
    for (auto& one : figures.certificates) status_.certificates.push_back({broker, one.whose, one.ends});
    for (auto& depth : figures.depths) {
      status_.queues.push_back({broker, depth.queue, depth.messages});
      if (auto* subscription = find(broker, depth.queue)) add(subscription->waiting, depth.messages);
    }
  }

  static void add(std::optional<uint64_t>& sum, uint64_t number) { sum = sum.value_or(0) + number; }

  Status::Subscription* find(const std::string& broker, const std::string& source) {
    auto found = std::ranges::find_if(status_.subscriptions,
                                      [&](auto& one) { return one.broker == broker && one.source == source; });
    return found == status_.subscriptions.end() ? nullptr : &*found;
  }

  void add_route(const routing::Route& route) {
    auto& counts = *route.counts;
    Status::Route out{.name = route.config->name,
                      .broker = route.config->from.broker,
                      .target = route.config->from.target.value,
                      .matched = route.matched->value(),
                      .in_flight = counts.in_flight(),
                      .held = static_cast<uint64_t>(std::max<int64_t>(counts.held.value(), 0)),
                      .retries = counts.retries.value()};
    auto& from = route.config->from;
    if (from.subscription)
      out.subscription = config_.broker(from.broker)->settings->subscription(*from.subscription).source;
    for (size_t i = 0; i < route.to.size(); ++i) {
      auto& to = route.config->to[i];
      out.to.push_back({route.to[i]->text(), route.delivered[i]->value(), to.broker, to.handler,
                        to.reply_to ? to.reply_to->broker : std::string()});
    }
    if (auto* dead_letter = route.failures->dead_letter.get()) out.dead_letter = dead_letter->text();
    if (route.rate) {
      out.rate = route.config->rate->text();
      out.limited = route.rate->limiting();
    }
    if (Histogram::wanted()) out.times = counts.seconds.read();
    for (auto& reason : counts.dead_letters) out.dead_letters += reason.value();
    if (auto failure = counts.failure.read(); failure.unix_ms) {
      out.last_error = printable(failure.reason);
      out.last_error_at = failure.unix_ms;
    }
    status_.routes.push_back(std::move(out));
  }

  void add_handler(const handler::Runner& runner) {
    auto& name = runner.name();
    auto& counts = handler::handler_counts().at({name});
    Status::Handler out{name, counts.calls.value(), counts.in_flight(), counts.retries.value(), counts.rejects.value()};
    out.worker = runner.worker();
    out.threads = runner.threads();
    if (Histogram::wanted()) out.times = handler::handler_seconds().at({name}).read();
    status_.handlers.push_back(std::move(out));
  }

  [[nodiscard]] int64_t wall(TimePoint time) const {
    return now_.unix_ms - std::chrono::duration_cast<std::chrono::milliseconds>(now_.steady - time).count();
  }

  const Observation& bridge_;
  const config::Config& config_;
  Instant now_ = Instant::now();
  source::MemoryBudget::Uses memory_;
  Status status_;
};

}  // namespace

Status observe(const Observation& bridge) { return Observer(bridge).look(); }

}  // namespace mombridge::admin
