#include "routing/check.hpp"

#include <algorithm>
#include <set>

#include "routing/route_table.hpp"

namespace mombridge::routing {

namespace {

/// A route's view of its source: one subscription and the patterns of what can arrive through it.
bool can_take(const config::Route& route, const std::string& broker, size_t index,
              const config::Subscription& subscription, const std::string* target) {
  auto& from = route.from;
  if (from.broker != broker) return false;
  if (from.subscription ? *from.subscription != index : subscription.of_route || subscription.replies) return false;
  Pattern pattern(from.target.value);
  if (target) return pattern.matches(*target);
  if (!subscription.target_from.empty()) return true;
  return std::ranges::any_of(subscription.targets, [&](auto& t) { return pattern.overlaps(Pattern(t)); });
}

class Checker {
 public:
  Checker(const config::Config& config, config::Diagnostics& diagnostics)
      : config_(config), diagnostics_(diagnostics) {}

  void run() {
    RouteTable::compile(config_, {}, {}, diagnostics_);
    for (auto& section : config_.brokers)
      if (section.settings) check_subscriptions(section);
    for (auto& route : config_.routes) check_route(route);
    reply::Replier::check(config_, diagnostics_);
    check_plain_requests();
    check_loops();
    check_dead_letter(config_.failures, "failures", nullptr);
    check_without_dead_letter();
  }

 private:
  void check_subscriptions(const config::BrokerSection& section) {
    auto& subscriptions = section.settings->subscriptions;
    for (size_t i = 0; i < subscriptions.size(); ++i) {
      auto& s = subscriptions[i];
      if (s.transient)
        diagnostics_.warning(
            s.mark, "brokers." + section.name + ".subscribe",
            "the private queue on '" + s.source + "' misses what is published while the bridge is not connected",
            "name a 'queue' with 'declare' and 'bind' to keep it");
      if (s.of_route || s.replies || section.type == "memory") continue;
      if (std::ranges::none_of(config_.routes, [&](auto& r) { return can_take(r, section.name, i, s, nullptr); }))
        diagnostics_.error(s.mark, "brokers." + section.name + ".subscribe",
                           "no route takes what '" + s.source + "' delivers",
                           "add a route with 'from: {broker: " + section.name + "}', or remove the subscription");
    }
  }

  [[nodiscard]] const config::Failures& failures_of(const config::Route& route) const {
    return route.failures ? *route.failures : config_.failures;
  }

  /// The route takes from outside, and what it cannot deliver ends nowhere.
  [[nodiscard]] bool holds(const config::Route& route) const {
    auto* section = config_.broker(route.from.broker);
    auto& failures = failures_of(route);
    return section && section->type != "memory" && !failures.dead_letter && !failures.reject_when_exhausted;
  }

  // Once for the file, since one line mends it.
  void check_without_dead_letter() {
    auto first = std::ranges::find_if(config_.routes, [&](auto& r) { return holds(r); });
    if (first == config_.routes.end()) return;
    diagnostics_.warning(
        first->mark, "failures",
        "no dead_letter: what cannot be delivered is held where it is until somebody mends the cause "
        "(as by route '" +
            first->name + "')",
        "failures: {dead_letter: {broker: " + first->from.broker + ", target: " + config_.name + ".dead}}");
    for (auto& section : config_.brokers)
      for (size_t i = 0; section.settings && i < section.settings->subscriptions.size(); ++i) check_drops(section, i);
  }

  void check_drops(const config::BrokerSection& section, size_t i) {
    auto& s = section.settings->subscriptions[i];
    if (!s.drops) return;
    auto taker = std::ranges::find_if(config_.routes,
                                      [&](auto& r) { return holds(r) && can_take(r, section.name, i, s, nullptr); });
    if (taker == config_.routes.end()) return;
    diagnostics_.warning(s.mark, "brokers." + section.name + ".subscribe",
                         "quorum queue '" + s.source + "' has no x-dead-letter-exchange, and route '" + taker->name +
                             "' no dead_letter: RabbitMQ drops a message that was delivered too often",
                         "a dead_letter for the route, or x-dead-letter-exchange in the queue's arguments");
  }

  // Only where the file speaks of replies at all: who has no requests need not hear of them. `accept_replies: false`
  // says that it is meant so.
  void check_plain_requests() {
    bool spoken = config_.replies.said;
    for (auto& section : config_.brokers)
      spoken |= section.settings->accept_replies.has_value() || !section.settings->allow_reply_to.empty();
    for (auto& route : config_.routes) spoken |= route.reply_timeout.has_value() || route.error_replies;
    if (!spoken) return;
    for (auto& section : config_.brokers) {
      if (section.settings->accept_replies) continue;
      auto plain = std::ranges::find_if(config_.routes, [&](auto& r) { return forwards_plainly(r, section.name); });
      if (plain != config_.routes.end())
        diagnostics_.warning(
            section.mark, "brokers." + section.name,
            "requests that routes bring here are forwarded as plain messages, and no reply comes back (as by route '" +
                plain->name + "')",
            "accept_replies: true, or false if that is meant");
    }
  }

  /// The route has nobody who could answer a request, and sends what it takes to `broker`.
  bool forwards_plainly(const config::Route& route, const std::string& broker) const {
    auto answers = [&](const config::Destination& to) {
      auto* section = config_.broker(to.broker);
      return !section || section->settings->accept_replies.value_or(false);
    };
    return std::ranges::none_of(route.to, answers) &&
           std::ranges::any_of(route.to, [&](auto& to) { return to.broker == broker; });
  }

  void check_route(const config::Route& route) {
    auto* section = config_.broker(route.from.broker);
    if (section && section->settings) {
      auto& subscriptions = section->settings->subscriptions;
      bool reachable = false;
      for (size_t i = 0; i < subscriptions.size(); ++i)
        reachable |= can_take(route, section->name, i, subscriptions[i], nullptr);
      if (!reachable)
        diagnostics_.warning(route.from.mark, "routes." + route.name + ".from",
                             "nothing that broker '" + section->name + "' subscribes to can have a target '" +
                                 route.from.target.value + "'",
                             section->type == "memory" ? "" : "add a subscription to brokers." + section->name);
    }
    for (auto& to : route.to) check_destination(route, to);
    if (route.failures) check_dead_letter(*route.failures, "routes." + route.name + ".failures", &route);
  }

  void check_destination(const config::Route& route, const config::Destination& to) {
    if (to.reply_to) check_destination(route, *to.reply_to);
    auto* section = config_.broker(to.broker);
    if (!section || section->type != "memory") return;
    auto target = constant_target(route, to);
    if (target && takers(to, *target).empty())
      diagnostics_.error(to.target.mark.file.empty() ? to.mark : to.target.mark, "routes." + route.name + ".to",
                         "no route takes '" + *target + "' from memory broker '" + section->name + "'",
                         "add a route with 'from: {broker: " + section->name + ", target: " + *target + "}'");
  }

  /// The one target this destination always has, if that can be told from the file.
  static std::optional<std::string> constant_target(const config::Route& route, const config::Destination& to) {
    auto parsed = Template::parse(to.target.value);
    if (!parsed) return std::nullopt;
    if (parsed->constant()) return parsed->text();
    if (parsed->is_target() && Pattern(route.from.target.value).exact()) return route.from.target.value;
    return std::nullopt;
  }

  /// Routes that surely get what is sent to `target` of `to`'s broker, because a subscription of the same broker reads
  /// just that queue or topic.
  std::vector<const config::Route*> takers(const config::Destination& to, const std::string& target) const {
    std::vector<const config::Route*> found;
    auto* section = config_.broker(to.broker);
    if (!section || !section->settings) return found;
    auto& subscriptions = section->settings->subscriptions;
    bool default_exchange = to.exchange.value_or(section->settings->exchange).empty();
    for (size_t i = 0; i < subscriptions.size(); ++i) {
      auto& s = subscriptions[i];
      bool reads = section->type == "memory"
                       ? std::ranges::any_of(s.targets, [&](auto& t) { return Pattern(t).matches(target); })
                       : default_exchange && s.source == target;
      if (!reads || !s.target_from.empty()) continue;
      for (auto& route : config_.routes)
        if (can_take(route, section->name, i, s, &target) && route.from.headers.empty()) found.push_back(&route);
    }
    return found;
  }

  // Depth-first along the destinations that are surely read again; a route met twice on one way is a loop.
  void check_loops() {
    for (auto& route : config_.routes) {
      std::vector<const config::Route*> way;
      if (!done_.contains(&route)) follow(route, way);
    }
  }

  void follow(const config::Route& route, std::vector<const config::Route*>& way) {
    if (auto seen = std::ranges::find(way, &route); seen != way.end()) return report_loop({seen, way.end()});
    if (!done_.insert(&route).second) return;
    way.push_back(&route);
    for (auto& to : route.to) {
      auto& end = to.broker.empty() && to.reply_to ? *to.reply_to : to;
      if (end.broker.empty()) continue;
      if (auto target = constant_target(route, end))
        for (auto* next : takers(end, *target)) follow(*next, way);
    }
    way.pop_back();
  }

  void report_loop(const std::vector<const config::Route*>& way) {
    std::string names;
    for (auto* r : way) names += r->name + " -> ";
    diagnostics_.error(way.back()->mark, "routes." + way.back()->name, "a loop: " + names + way.front()->name,
                       "every message would go round; send it to another target");
  }

  void check_dead_letter(const config::Failures& failures, const std::string& path, const config::Route* only) {
    if (!failures.dead_letter) return;
    auto& to = *failures.dead_letter;
    auto target = Template::parse(to.target.value);
    if (!target || !target->constant()) return;
    for (auto* route : takers(to, target->text())) {
      if (only ? route != only : route->failures.has_value()) continue;
      diagnostics_.error(to.mark, path + ".dead_letter", "route '" + route->name + "' reads its own dead letters",
                         "what fails there would come back for ever; give the route 'failures' of its own");
    }
  }

  const config::Config& config_;
  config::Diagnostics& diagnostics_;
  std::set<const config::Route*> done_;
};

}  // namespace

void check(const config::Config& config, config::Diagnostics& diagnostics) { Checker(config, diagnostics).run(); }

}  // namespace mombridge::routing
