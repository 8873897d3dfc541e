#include "routing/check.hpp"

#include <algorithm>
#include <optional>

#include "config/ingress.hpp"
#include "message/pattern.hpp"
#include "reply/check.hpp"
#include "routing/arrivals.hpp"
#include "routing/loops.hpp"
#include "routing/route_table.hpp"
#include "routing/template.hpp"

namespace mombridge::routing {

namespace {

class Checker {
 public:
  Checker(const config::Config& config, config::Diagnostics& diagnostics)
      : config_(config), diagnostics_(diagnostics), all_read_(diagnostics.ok()) {}

  void run() {
    for (auto& section : config_.brokers)
      if (section.settings) check_subscriptions(section);
    for (auto& route : config_.routes) check_route(route);
    reply::check(config_, diagnostics_);
    check_plain_requests();
    check_reply_addresses();
    check_loops(config_, diagnostics_);
    check_dead_letter(config_.failures, "failures", nullptr);
    check_without_dead_letter();
    if (config_.ingress) check_ingress(*config_.ingress);
  }

 private:
  void check_subscriptions(const config::BrokerSection& section) {
    for (size_t i = 0; i < section.settings->subscription_count(); ++i) {
      auto& s = section.settings->subscription(i);
      if (s.transient)
        diagnostics_.warning(
            s.mark, "brokers." + section.name + ".subscribe",
            "the private queue on '" + s.source + "' misses what is published while the bridge is not connected",
            "name a 'queue' with 'declare' and 'bind' to keep it");
      if (s.of_route || s.replies || section.settings->kind->internal) continue;
      if (std::ranges::none_of(config_.routes, [&](auto& r) { return may_take(r, section, i); }))
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
    return section && !section->settings->kind->internal && !failures.dead_letter && !failures.reject_when_exhausted;
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
      for (size_t i = 0; i < section.settings->subscription_count(); ++i) check_drops(section, i);
  }

  void check_drops(const config::BrokerSection& section, size_t i) {
    auto& s = section.settings->subscription(i);
    if (!s.drops) return;
    auto taker = std::ranges::find_if(config_.routes, [&](auto& r) { return holds(r) && may_take(r, section, i); });
    if (taker == config_.routes.end()) return;
    diagnostics_.warning(s.mark, "brokers." + section.name + ".subscribe",
                         "quorum queue '" + s.source + "' has no x-dead-letter-exchange, and route '" + taker->name +
                             "' no dead_letter: RabbitMQ drops a message that was delivered too often",
                         "a dead_letter for the route, or x-dead-letter-exchange in the queue's arguments");
  }

  // Only where the file speaks of replies at all: who has no requests need not hear of them. `accept_replies: false`
  // says that it is meant so.
  void check_plain_requests() {
    bool spoken = config_.replies.configured;
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
    return std::ranges::none_of(route.to, [&](auto& to) { return can_answer(to); }) &&
           std::ranges::any_of(route.to, [&](auto& to) { return to.broker == broker; });
  }

  void check_route(const config::Route& route) {
    if (auto* section = config_.broker(route.from.broker)) check_source(route, *section);
    for (auto& to : route.to) check_destination(route, to);
    check_rejects(route);
    if (route.failures) check_dead_letter(*route.failures, "routes." + route.name + ".failures", &route);
  }

  void check_rejects(const config::Route& route) {
    auto* section = config_.broker(route.from.broker);
    auto& failures = route.failures ? *route.failures : config_.failures;
    if (!section || !section->settings || section->settings->kind->takes_rejected || !failures.reject_when_exhausted)
      return;
    diagnostics_.error(route.from.mark, "routes." + route.name + ".failures",
                       "'on_exhausted: reject' would lose what fails: broker '" + section->name + "' (" +
                           section->type + ") has no place for rejected messages",
                       "failures: {dead_letter: {broker: ..., target: ...}}, or {on_exhausted: hold}");
  }

  // As a subscription that no route takes: one of the two has a name that is not meant. A subscription that could not
  // be read is missing here, and that is said already.
  void check_source(const config::Route& route, const config::BrokerSection& section) {
    if (!all_read_) return;
    auto& settings = *section.settings;
    for (size_t i = 0; i < settings.subscription_count(); ++i)
      if (may_take(route, section, i)) return;
    auto& target = route.from.target;
    std::vector<std::string> known;
    for (size_t i = 0; i < settings.subscription_count(); ++i)
      if (auto& s = settings.subscription(i); !s.replies) known.insert(known.end(), s.targets.begin(), s.targets.end());
    auto hint = config::did_you_mean(target.value, known);
    diagnostics_.error(
        route.from.mark, "routes." + route.name + ".from",
        known.empty()
            ? "broker '" + section.name + "' subscribes to nothing"
            : "nothing that broker '" + section.name + "' subscribes to can have a target '" + target.value + "'",
        !hint.empty()              ? hint
        : settings.kind->exchanges ? "add a queue: here, or an entry to brokers." + section.name + ".subscribe"
                                   : "add an entry to brokers." + section.name + ".subscribe");
  }

  // A requester chooses where its answer goes: into any queue or topic that the bridge may write to.
  void check_reply_addresses() {
    for (auto& section : config_.brokers) {
      if (!section.settings->allow_reply_to.empty() || section.settings->addresses.empty()) continue;
      auto answers = std::ranges::find_if(config_.routes, [&](auto& r) {
        return r.from.broker == section.name && std::ranges::any_of(r.to, [&](auto& to) { return can_answer(to); });
      });
      if (answers == config_.routes.end()) continue;
      diagnostics_.warning(
          section.mark, "brokers." + section.name,
          "who sends a request may have its answer written to any queue or topic (as by route '" + answers->name + "')",
          "allow_reply_to: " + std::string(section.settings->kind->reply_to_globs) + ", or [\"*\"] if that is meant");
    }
  }

  [[nodiscard]] bool can_answer(const config::Destination& to) const {
    auto* section = config_.broker(to.broker);
    return !section || section->settings->accept_replies.value_or(false);
  }

  void check_destination(const config::Route& route, const config::Destination& to) {
    if (to.reply_to) check_destination(route, *to.reply_to);
    auto* section = config_.broker(to.broker);
    if (!section || !section->settings->kind->internal) return;
    auto target = constant_target(route, to);
    if (!target) target = default_target(route, to);
    auto perhaps = [&](auto* taker) { return accepts_headers(*taker, to).value_or(true); };
    if (target && std::ranges::none_of(takers(to, *target), perhaps))
      no_taker(to.target.mark.file.empty() ? to.mark : to.target.mark, "routes." + route.name + ".to", *section,
               *target);
  }

  void check_ingress(const config::Ingress& ingress) {
    for (auto& [broker, glob, mark] : ingress.allow) {
      auto& section = *config_.broker(broker);
      if (!section.settings->kind->internal || has_wildcards(glob)) continue;
      config::Destination to;
      to.broker = broker;
      if (takers(to, glob).empty()) no_taker(mark, "ingress.allow", section, glob);
    }
  }

  void no_taker(const config::Mark& mark, const std::string& path, const config::BrokerSection& section,
                const std::string& target) {
    diagnostics_.error(mark, path,
                       "no route takes '" + target + "' from " + section.type + " broker '" + section.name + "'",
                       "add a route with 'from: {broker: " + section.name + ", target: " + target + "}'");
  }

  /// Routes that surely get what is sent to `target` of `to`'s broker, if its headers are what they ask for.
  std::vector<const config::Route*> takers(const config::Destination& to, const std::string& target) const {
    std::vector<const config::Route*> found;
    for (auto& reader : readers(config_, to, target)) {
      if (!reader.certain || !reader.section->settings->subscription(reader.index).target_from.empty()) continue;
      for (auto& route : config_.routes)
        if (reads(route, *reader.section, reader.index) && Pattern(route.from.target.value).matches(target))
          found.push_back(&route);
    }
    return found;
  }

  void check_dead_letter(const config::Failures& failures, const std::string& path, const config::Route* only) {
    if (!failures.dead_letter) return;
    auto& to = *failures.dead_letter;
    auto target = Template::parse(to.target.value);
    if (!target || !target->constant()) return;
    for (auto* route : takers(to, target->text())) {
      if ((only ? route != only : route->failures.has_value()) || !accepts_headers(*route, to).value_or(false))
        continue;
      diagnostics_.error(to.mark, path + ".dead_letter", "route '" + route->name + "' reads its own dead letters",
                         "what fails there would come back for ever; give the route 'failures' of its own");
    }
  }

  const config::Config& config_;
  config::Diagnostics& diagnostics_;
  const bool all_read_;  ///< nothing was wrong so far
};

}  // namespace

void check(const std::shared_ptr<const config::Config>& config, const DestinationKinds& kinds,
           config::Diagnostics& diagnostics) {
  Checker checker(*config, diagnostics);
  RouteTable::compile(config, kinds, {}, {}, diagnostics);
  checker.run();
}

}  // namespace mombridge::routing
