#include "routing/explain.hpp"

#include <algorithm>
#include <set>

#include "config/diagnostics.hpp"

namespace mombridge::routing {

namespace {

std::string why(const Route& route) {
  std::string text = route.pattern.exact() ? "target is '" + route.pattern.text() + "'"
                                           : "target matches '" + route.pattern.text() + "'";
  for (auto& header : route.headers) text += ", " + header.text();
  if (route.rate) text += "; at most " + route.config->rate->text();
  return text;
}

std::string reason_not(const Route& route, const std::string& broker, const Message& message) {
  if (route.config->from.broker != broker) return "another broker";
  if (!route.pattern.matches(message.target)) return "its pattern does not match";
  for (auto& header : route.headers)
    if (!header.accepts(message)) return header.fault(message);
  return "no subscription delivers to it";
}

void describe_none(const RouteTable& table, const std::string& broker, const Message& message, std::string& out) {
  out += "no route takes target '" + std::string(message.target) + "' from broker '" + broker + "'\n";
  std::vector<std::string> patterns;
  for (auto& route : table.routes()) {
    if (route->config->from.broker != broker) continue;
    patterns.push_back(route->pattern.text());
    out += "  route '" + route->config->name + "' (pattern '" + route->pattern.text() +
           "'): " + reason_not(*route, broker, message) + "\n";
  }
  if (patterns.empty()) out += "  no route has 'from: {broker: " + broker + "}'\n";
  if (auto nearest = config::nearest(std::string(message.target), patterns); !nearest.empty())
    out += "  the nearest pattern is '" + nearest + "'\n";
}

void describe_fate(const RouteTable& table, std::string& out) {
  out += table.discard_unrouted()
             ? "it would be counted, logged and discarded (unrouted)\n"
             : "it would go to the dead letter " + table.default_failures()->dead_letter->text() + "\n";
}

// It does not come here at all, whatever the routes say.
void describe_unsubscribed(const config::BrokerSection& section, const std::string& target, std::string& out) {
  out += "broker '" + section.name + "' subscribes to nothing that brings target '" + target + "':";
  std::vector<std::string> known;
  for (size_t i = 0; i < section.settings->subscription_count(); ++i)
    if (auto& s = section.settings->subscription(i); !s.replies) known.push_back(s.source);
  for (auto& source : known) out += (&source == known.data() ? " it has '" : ", '") + source + "'";
  out += known.empty() ? " it has no subscription\n" : "\n";
  if (auto hint = config::did_you_mean(target, known); !hint.empty()) out += "  " + hint + "\n";
}

}  // namespace

Explanation explain(const RouteTable& table, const std::string& broker, const std::string& target,
                    const std::vector<std::pair<std::string, std::string>>& headers,
                    const std::optional<std::string>& key) {
  std::vector<Header> views;
  for (auto& [name, value] : headers) views.push_back({name, Value::of(value)});
  Message message;
  message.target = target;
  message.headers = views;
  message.key = key;

  // A message comes through one subscription; each that leads to other routes is a way of its own.
  Explanation result;
  std::set<std::vector<const Route*>> seen;
  RouteMatches matches;
  bool arrives = false;
  auto& section = *table.origin(broker)->endpoint.section;
  auto& settings = *section.settings;
  for (uint32_t i = 0; i < settings.subscription_count(); ++i) {
    auto& s = settings.subscription(i);
    if (!settings.brings(s, target)) continue;
    arrives |= !s.replies;
    table.origin(broker)->match(i, message, matches);
    auto& routes = matches.routes;
    if (routes.empty() || !seen.insert(routes).second) continue;
    result.taken = true;
    result.text += "from " + broker + ", '" + s.source + "':\n";
    for (auto* route : routes) {
      result.text += "  route '" + route->config->name + "', because " + why(*route) + "\n";
      for (auto& to : route->to) result.text += "    -> " + to->explain(message, broker) + "\n";
    }
  }
  if (result.taken) return result;
  describe_none(table, broker, message, result.text);
  if (arrives)
    describe_fate(table, result.text);
  else
    describe_unsubscribed(section, target, result.text);
  return result;
}

}  // namespace mombridge::routing
