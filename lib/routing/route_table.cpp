#include "routing/route_table.hpp"

#include <algorithm>
#include <set>

#include "routing/destination_dead_letter.hpp"

namespace mombridge::routing {

void Origin::match(uint32_t subscription, const Message& message, RouteMatches& matches) const {
  auto& routes = matches.routes;
  routes.clear();
  if (subscription >= subscriptions.size()) return;
  subscriptions[subscription].own.match(message, matches);
  if (subscriptions[subscription].shared) shared.match(message, matches);
  // The first that can answer a request gets it: the order of the file counts.
  if (routes.size() > 1) std::ranges::sort(routes, {}, &Route::place);
}

const Origin* RouteTable::origin(std::string_view broker) const {
  auto found = origins_.find(broker);
  return found == origins_.end() ? nullptr : found->second.get();
}

bool RouteTable::limits(std::string_view broker) const {
  return std::ranges::any_of(routes_, [&](auto& route) {
    return route->rate && route->config->from.broker == broker && route->rate->limiting();
  });
}

void RouteTable::change_rates(const RouteTable& former) const {
  std::set<RateLimit*> ended;
  for (auto& route : former.routes_)
    if (route->rate) ended.insert(route->rate.get());
  for (auto& route : routes_) {
    if (!route->rate) continue;
    ended.erase(route->rate.get());
    route->rate->change(route->config->rate);
  }
  for (auto* limit : ended) limit->change(std::nullopt);
}

std::vector<std::string> RouteTable::handlers_of(std::string_view broker) const {
  std::vector<std::string> names;
  for (auto& route : routes_)
    for (auto& to : route->config->to)
      if (route->config->from.broker == broker && !to.handler.empty() &&
          std::ranges::find(names, to.handler) == names.end())
        names.push_back(to.handler);
  return names;
}

const Route* RouteTable::route(std::string_view name) const {
  auto found = std::ranges::find_if(routes_, [&](auto& route) { return route->config->name == name; });
  return found == routes_.end() ? nullptr : found->get();
}

bool RouteTable::discard_unrouted() const {
  return config_->unrouted == config::Unrouted::discard || !failures_->dead_letter;
}

/// Fills a table from a configuration and reports what does not fit.
class RouteTable::Compiler {
 public:
  Compiler(RouteTable& table, const DestinationKinds& kinds, const Brokers& brokers, const Handlers& handlers,
           config::Diagnostics& diagnostics, const RouteTable* former)
      : table_(table), kinds_(kinds), brokers_(brokers), handlers_(handlers), diagnostics_(diagnostics) {
    if (!former) return;
    for (auto& route : former->routes_)
      if (route->rate) limits_.emplace(route->config->name, route->rate);
  }

  void run() {
    auto& config = *table_.config_;
    for (auto& section : config.brokers) add_origin(section);
    table_.failures_ = policy(config.failures, "failures");
    for (auto& route : config.routes) add(route);
    for (auto& section : config.brokers) add_subscriptions(section);
  }

 private:
  void add_origin(const config::BrokerSection& section) {
    auto found = brokers_.find(section.name);
    auto* instance = found == brokers_.end() ? nullptr : found->second;
    table_.origins_[section.name] = std::make_unique<Origin>(Endpoint{&section, instance});
  }

  void add(const config::Route& config) {
    auto route = std::make_unique<Route>();
    std::string path = "routes." + config.name;
    route->config = &config;
    route->place = table_.routes_.size();
    route->pattern = Pattern(config.from.target.value);
    for (auto& wanted : config.from.headers) route->headers.emplace_back(wanted);
    route->failures = config.failures ? policy(*config.failures, path + ".failures") : table_.failures_;
    if (auto* origin = table_.origin(config.from.broker)) {
      auto& addresses = origin->endpoint.section->settings->addresses;
      route->mark = RouteMark(table_.config_->name, config.name, addresses.empty() ? config.from.broker : addresses[0]);
    }
    if (config.rate) route->rate = limit(config);
    route->matched = &counter("routed", config.name);
    route->counts = &route_counts().at({config.name});
    for (size_t i = 0; i < config.to.size(); ++i)
      route->to.push_back(
          destination(config.to[i], *route, config.to.size() > 1 ? path + ".to." + std::to_string(i) : path + ".to"));
    for (auto& to : route->to) route->delivered.push_back(&delivered_messages().at({config.name, to->text()}));
    table_.routes_.push_back(std::move(route));
  }

  std::shared_ptr<RateLimit> limit(const config::Route& config) const {
    auto former = limits_.find(config.name);
    return former == limits_.end() ? std::make_shared<RateLimit>(*config.rate) : former->second;
  }

  std::shared_ptr<const FailurePolicy> policy(const config::Failures& failures, const std::string& path) {
    auto policy = std::make_shared<FailurePolicy>(failures);
    if (!failures.dead_letter) return policy;
    // A route's own `failures:` takes over what it does not name: what is wrong with that is said once.
    auto& general = table_.config_->failures.dead_letter;
    if (table_.failures_ && general && general->mark == failures.dead_letter->mark)
      policy->dead_letter = table_.failures_->dead_letter;
    else
      policy->dead_letter =
          std::make_shared<DeadLetterDestination>(*failures.dead_letter, compiling(nullptr, path + ".dead_letter"));
    return policy;
  }

  std::unique_ptr<const Destination> destination(const config::Destination& config, const Route& route,
                                                 const std::string& path) {
    auto key = config.handler.empty() ? "broker" : "handler";
    auto kind = std::ranges::find(kinds_, key, &DestinationKind::key);
    return kind->compile(config, compiling(&route, path));
  }

  Compiling compiling(const Route* route, std::string path) {
    auto endpoint = [this](const std::string& name) {
      auto* origin = table_.origin(name);
      return origin ? &origin->endpoint : nullptr;
    };
    auto handler = [this](const std::string& name) {
      auto found = handlers_.find(name);
      return found == handlers_.end() ? nullptr : found->second;
    };
    return {.endpoint = endpoint,
            .handler = handler,
            .replier = *table_.replier_,
            .route = route ? route->config : nullptr,
            .mark = route ? &route->mark : nullptr,
            .path = std::move(path),
            .diagnostics = diagnostics_};
  }

  void add_subscriptions(const config::BrokerSection& section) {
    if (!section.settings) return;
    auto& settings = *section.settings;
    auto& origin = *table_.origins_[section.name];
    origin.subscriptions.resize(settings.subscription_count());
    for (size_t i = 0; i < origin.subscriptions.size(); ++i) {
      auto& s = settings.subscription(i);
      origin.subscriptions[i].shared = !s.of_route && !s.replies;
    }
    for (auto& route : table_.routes_) {
      auto& from = route->config->from;
      if (from.broker != section.name) continue;
      if (!from.subscription)
        origin.shared.add(*route);
      else if (*from.subscription < origin.subscriptions.size())
        origin.subscriptions[*from.subscription].own.add(*route);
    }
  }

  RouteTable& table_;
  const DestinationKinds& kinds_;
  const Brokers& brokers_;
  const Handlers& handlers_;
  config::Diagnostics& diagnostics_;
  std::unordered_map<std::string_view, std::shared_ptr<RateLimit>> limits_;  ///< of the former table, by route
};

std::shared_ptr<const RouteTable> RouteTable::compile(std::shared_ptr<const config::Config> config,
                                                      const DestinationKinds& kinds, const Brokers& brokers,
                                                      const Handlers& handlers, config::Diagnostics& diagnostics,
                                                      const RouteTable* former) {
  auto table = std::make_shared<RouteTable>();
  table->config_ = std::move(config);
  table->replier_ = std::make_unique<reply::Replier>(*table->config_);
  Compiler(*table, kinds, brokers, handlers, diagnostics, former).run();
  return table;
}

}  // namespace mombridge::routing
