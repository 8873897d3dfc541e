#include "routing/route_table.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace mombridge::routing {

bool Target::answers() const { return broker ? broker->section->settings->accept_replies.value_or(false) : true; }

std::string Target::text() const {
  if (!broker) return "handler " + config->handler;
  return config->broker + "/" + (config->exchange && !config->exchange->empty() ? *config->exchange + "/" : "") +
         target.text();
}

FailurePolicy::FailurePolicy(const config::Failures& failures)
    : attempts(failures.attempts),
      backoff(failures.backoff_first, failures.backoff_longest),
      reject_when_exhausted(failures.reject_when_exhausted) {}

bool Route::accepts(const Message& message) const {
  return std::ranges::all_of(config->from.headers, [&](auto& wanted) {
    auto* value = message.find(wanted.first);
    return value && (value->is_text() ? value->text == wanted.second : scalar_text(*value) == wanted.second);
  });
}

const Endpoint* RouteTable::endpoint(const std::string& broker) const {
  auto found = endpoints_.find(broker);
  return found == endpoints_.end() ? nullptr : &found->second;
}

const Route& RouteTable::route(const config::Route& config) const {
  return *routes_[static_cast<size_t>(&config - config_->routes.data())];
}

bool RouteTable::discard_unrouted() const {
  return config_->unrouted == config::Unrouted::discard || !failures_->dead_letter;
}

const RouteTable::Lanes* RouteTable::lanes(std::string_view broker) const {
  auto found = lanes_.find(broker);
  return found == lanes_.end() ? nullptr : &found->second;
}

void RouteTable::match(const Lanes* lanes, uint32_t subscription, const Message& message,
                       std::vector<const Route*>& out) {
  out.clear();
  if (!lanes || subscription >= lanes->size()) return;
  auto& lane = (*lanes)[subscription];
  if (auto found = lane.exact.find(message.target); found != lane.exact.end())
    for (auto* route : found->second)
      if (route->accepts(message)) out.push_back(route);
  size_t exact = out.size();
  for (auto* route : lane.patterns)
    if (route->pattern.matches(message.target) && route->accepts(message)) out.push_back(route);
  // The first that can answer a request gets it: the order of the file counts.
  if (exact && out.size() > exact) std::ranges::sort(out, {}, [](const Route* r) { return r->config; });
}

/// Fills a table from a configuration and reports what does not fit.
class RouteTable::Compiler {
 public:
  Compiler(RouteTable& table, const Handlers& handlers, config::Diagnostics& diagnostics)
      : table_(table), handlers_(handlers), diagnostics_(diagnostics) {}

  void run() {
    auto& config = *table_.config_;
    table_.failures_ = policy(config.failures, "failures");
    for (auto& route : config.routes) add(route);
    for (auto& section : config.brokers) add_lanes(section);
  }

 private:
  void add(const config::Route& config) {
    auto route = std::make_unique<Route>();
    std::string path = "routes." + config.name;
    route->config = &config;
    route->pattern = Pattern(config.from.target.value);
    route->failures = config.failures ? policy(*config.failures, path + ".failures") : table_.failures_;
    if (auto* endpoint = table_.endpoint(config.from.broker)) {
      auto& addresses = endpoint->section->settings->addresses;
      route->mark = RouteMark(table_.config_->name, config.name, addresses.empty() ? config.from.broker : addresses[0]);
    }
    route->matched = &counter("routed", config.name);
    for (size_t i = 0; i < config.to.size(); ++i)
      route->to.push_back(
          target(config.to[i], config.to.size() > 1 ? path + ".to." + std::to_string(i) : path + ".to"));
    table_.routes_.push_back(std::move(route));
  }

  std::shared_ptr<const FailurePolicy> policy(const config::Failures& failures, const std::string& path) {
    auto policy = std::make_shared<FailurePolicy>(failures);
    if (!failures.dead_letter) return policy;
    // A route's own `failures:` takes over what it does not name: what is wrong with that is said once.
    auto& general = table_.config_->failures.dead_letter;
    if (table_.failures_ && general && general->mark == failures.dead_letter->mark)
      policy->dead_letter = table_.failures_->dead_letter;
    else
      policy->dead_letter = std::make_shared<Target>(target(*failures.dead_letter, path + ".dead_letter"));
    return policy;
  }

  Target target(const config::Destination& config, const std::string& path) {
    Target t;
    t.config = &config;
    if (!config.handler.empty()) {
      if (auto found = handlers_.find(config.handler); found != handlers_.end()) t.handler = found->second;
    } else if (auto found = table_.endpoints_.find(config.broker); found != table_.endpoints_.end()) {
      t.broker = &found->second;
    }
    t.target = parse(config.target, path + ".target");
    if (config.key) t.key = parse(*config.key, path + ".key");
    for (auto& header : config.headers)
      t.headers.push_back({header.name, parse(header.text, path + ".headers." + header.name), typed(header.value)});
    confine(t, path);
    check_name(t, path);
    if (config.reply_to) t.reply_to = std::make_unique<Target>(target(*config.reply_to, path + ".reply_to"));
    return t;
  }

  // nullopt: text, which may be a template.
  static std::optional<Value> typed(const config::Typed& value) {
    if (auto* b = std::get_if<bool>(&value)) return Value::of_bool(*b);
    if (auto* i = std::get_if<int64_t>(&value)) return Value::of(*i);
    if (auto* d = std::get_if<double>(&value)) return Value::of_real(*d);
    return std::nullopt;
  }

  Template parse(const config::Text& text, const std::string& path) {
    auto parsed = Template::parse(text.value);
    if (parsed) return std::move(*parsed);
    diagnostics_.error(text.mark, path, parsed.error().text);
    return {};
  }

  // A message must not choose to write just anywhere: what it can choose stands behind a literal prefix or an allow
  // list.
  void confine(const Target& t, const std::string& path) {
    if (t.broker && t.target.chosen_by_message() && t.target.literal_prefix().empty() && t.config->allow.empty())
      diagnostics_.error(t.config->target.mark, path + ".target",
                         "'" + t.target.text() + "' lets a message choose any target",
                         "begin it with literal text, as in 'task.{key}', or add 'allow: [\"task.*\"]'");
  }

  // What no broker takes is better said now than message by message, of a dead letter above all.
  void check_name(const Target& t, const std::string& path) {
    if (!t.broker || !t.broker->section->settings || !t.target.constant() || t.target.text().empty()) return;
    auto fault = t.broker->section->settings->target_fault(t.target.text());
    if (!fault.empty())
      diagnostics_.error(t.config->target.mark, path + ".target", "'" + printable(t.target.text(), 256) + "' " + fault);
  }

  void add_lanes(const config::BrokerSection& section) {
    if (!section.settings) return;
    auto& subscriptions = section.settings->subscriptions;
    auto& lanes = table_.lanes_[section.name];
    lanes.resize(subscriptions.size());
    for (auto& route : table_.routes_) {
      auto& from = route->config->from;
      if (from.broker != section.name) continue;
      for (size_t i = 0; i < subscriptions.size(); ++i) {
        if (from.subscription ? *from.subscription != i : subscriptions[i].of_route || subscriptions[i].replies)
          continue;
        if (route->pattern.exact())
          lanes[i].exact[route->pattern.text()].push_back(route.get());
        else
          lanes[i].patterns.push_back(route.get());
      }
    }
  }

  RouteTable& table_;
  const Handlers& handlers_;
  config::Diagnostics& diagnostics_;
};

std::shared_ptr<const RouteTable> RouteTable::compile(const config::Config& config, Brokers brokers,
                                                      const Handlers& handlers, config::Diagnostics& diagnostics) {
  auto table = std::make_shared<RouteTable>();
  table->config_ = &config;
  table->replier_ = std::make_unique<reply::Replier>(config);
  for (auto& section : config.brokers) {
    auto& endpoint = table->endpoints_[section.name];
    if (auto found = brokers.find(section.name); found != brokers.end()) endpoint = found->second;
    endpoint.section = &section;
  }
  Compiler(*table, handlers, diagnostics).run();
  return table;
}

}  // namespace mombridge::routing
