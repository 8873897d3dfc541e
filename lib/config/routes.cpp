#include <map>

#include "config/sections.hpp"
#include "config/text.hpp"

namespace mombridge::config {

namespace {

// `queue:` or `topic:`. The reader of the broker's kind says which of the two there is, and which keys go with it.
void read_subscription(Section& section, Route::From& from, Loading& loading) {
  auto* broker = loading.config.broker(from.broker);
  auto* kind = loading.kind_of(from.broker);
  if (!kind) return section.ignore_rest();
  from.subscription = kind->subscribe_route(section, *broker->settings);
  if (!from.subscription || !broker->settings->subscription(*from.subscription).replies) return;
  section.diagnostics().error(from.mark, section.path(), "the bridge's own replies come that way",
                              "name another, or no queue or topic");
  from.subscription.reset();
}

// A backslash at the end would match nothing at all.
bool ends_in_escape(std::string_view glob) {
  auto last = glob.find_last_not_of('\\');
  return (glob.size() - (last == std::string_view::npos ? 0 : last + 1)) % 2 == 1;
}

// A value is a glob; null says that the header must be absent.
void read_headers(Section& section, Route::From& from) {
  for (auto& [name, value] : section.nullable_pairs("headers")) {
    from.headers.push_back({name, std::nullopt});
    if (!value) continue;
    if (value->known && ends_in_escape(value->value))
      section.diagnostics().error(value->mark, value->path, in_quotes(value->shown) + " ends with a backslash",
                                  "it makes the character behind it a literal one; write \\\\ for a backslash");
    from.headers.back().value = value->value;
  }
}

// Returns the first part of the route's default name, which says where its messages come from.
std::string read_from(Section& section, Route::From& from, Loading& loading) {
  from.mark = section.mark();
  from.target.mark = section.mark();
  if (!section.require("broker", nearest_hint("", broker_names(loading.config)))) {
    section.ignore_rest();
    return "";
  }
  bool known = reference(section, "broker", "broker", broker_names(loading.config), from.broker);
  bool target = section.text("target", from.target);
  read_headers(section, from);
  if (known)
    read_subscription(section, from, loading);
  else
    section.ignore_rest();
  if (from.subscription)
    return from.broker + ":" + loading.config.broker(from.broker)->settings->subscription(*from.subscription).source;
  return target ? from.broker + ":" + from.target.value : from.broker;
}

std::string name_of(const Destination& to) {
  if (!to.handler.empty()) return to.handler;
  return to.target.value == "{target}" ? to.broker : to.broker + ":" + to.target.value;
}

// The route's keys about requests and their replies.
void read_answers(Section& section, Route& route, const Loading& loading) {
  if (Duration timeout; section.duration("reply_timeout", timeout, 1ms)) route.reply_timeout = timeout;
  section.flag("error_replies", route.error_replies);
  read_unusable(section, "late_replies", route.late_replies);
  auto& failures = route.failures ? *route.failures : loading.config.failures;
  if (route.late_replies == Unusable::dead_letter && !failures.dead_letter)
    section.error("late_replies", "there is no dead_letter", "failures: {dead_letter: {broker: ..., target: ...}}");
}

constexpr Duration kShortestInterval = std::chrono::microseconds(1);

// Digits and a unit: nullopt for anything else. The count may be too large for its unit, or 0.
std::optional<Rate> parse_rate(const std::string& text) {
  constexpr std::pair<std::string_view, Duration> kUnits[] = {{"/s", 1s}, {"/m", 1min}, {"/h", 1h}};
  for (auto& [unit, per] : kUnits) {
    if (!text.ends_with(unit)) continue;
    auto count = parse_unsigned(std::string_view(text).substr(0, text.size() - unit.size()));
    if (count) return Rate{*count, per};
  }
  return std::nullopt;
}

void read_rate(Section& section, Route& route) {
  auto value = section.scalar("rate");
  if (!value || !value->known) return;
  auto rate = parse_rate(value->value);
  if (!rate)
    return section.error("rate", in_quotes(value->shown) + " is not a rate",
                         "messages in a second, a minute or an hour, like 500/s, 30/m or 10/h");
  if (rate->count == 0 || rate->count > static_cast<uint64_t>(rate->per / kShortestInterval))
    return section.error("rate", in_quotes(value->shown) + " is out of range", "from 1/h to 1000000/s");
  route.rate = rate;
}

void read_route(Section section, Loading& loading, std::map<std::string, Mark>& names) {
  Route route;
  route.mark = section.mark();
  std::string default_name;
  if (section.require("from", "from: {broker: ..., queue: ...}")) {
    if (auto from = section.section("from")) default_name = read_from(*from, route.from, loading);
  }
  if (section.require("to", "to: {broker: ..., target: ...}")) {
    auto* to = section.node("to");
    if (to->kind == Node::Kind::list && to->items.empty())
      section.error("to", "an empty list", "a route needs a destination");
    for (auto& destination : section.sections("to")) {
      route.to.push_back(read_destination(destination, Use::route, loading));
      default_name += (route.to.size() == 1 ? " -> " : ", ") + name_of(route.to.back());
    }
  }
  if (auto failures = section.section("failures")) {
    route.failures = loading.config.failures;
    read_failures_into(*failures, *route.failures, loading);
  }
  section.unsupported("order_by");
  read_rate(section, route);
  read_answers(section, route, loading);

  auto name = section.scalar("name");
  route.name = name ? name->value : default_name;
  if (name && name->known) {
    if (name->value.empty())
      section.error("name", "an empty name", "without the key the route is named for its from and to");
    if (auto [first, added] = names.emplace(name->value, name->mark); !added)
      section.error("name", in_quotes(name->shown) + " is defined twice", "first at " + place(first->second));
  }
  loading.config.routes.push_back(std::move(route));
}

// Routes are known by name in logs and metrics, so those with the same default name get a number.
void tell_apart(std::vector<Route>& routes) {
  std::map<std::string, unsigned> seen;
  for (auto& route : routes)
    if (unsigned count = ++seen[route.name]; count > 1) route.name += " (" + std::to_string(count) + ")";
}

}  // namespace

void read_routes(Section& top, Loading& loading) {
  std::map<std::string, Mark> names;
  for (auto& route : top.sections("routes")) read_route(std::move(route), loading, names);
  tell_apart(loading.config.routes);
  if (!top.has("routes") && top.diagnostics().ok())
    top.diagnostics().warning(top.mark(), "", "there are no routes: nothing is passed on",
                              "routes: [{from: ..., to: ...}]");
}

}  // namespace mombridge::config
