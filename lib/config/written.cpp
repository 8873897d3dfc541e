#include "config/written.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "config/node.hpp"

namespace mombridge::config {

namespace {

/// Keys whose values are LiveSecrets: a new connection takes the new value, and the present ones need not end for it.
constexpr std::string_view kReadAtUse[] = {"password", "key_password", "client_secret"};

void put(std::string& out, std::string_view text) { out += std::to_string(text.size()) + ":" + std::string(text); }

void put(std::string& out, const Node& node, std::string_view key, const std::vector<std::string>& without) {
  switch (node.kind) {
    case Node::Kind::null:
      out += '-';
      break;
    case Node::Kind::scalar:
      out += node.quoted ? 'q' : 's';
      put(out, std::ranges::find(kReadAtUse, key) == std::end(kReadAtUse) ? node.text : node.shown());
      break;
    case Node::Kind::list:
      out += '[';
      for (auto& item : node.items) put(out, item, key, {});
      out += ']';
      break;
    case Node::Kind::map: {
      std::vector<const Node::Entry*> entries;
      for (auto& entry : node.entries)
        if (std::ranges::find(without, entry.key) == without.end()) entries.push_back(&entry);
      std::ranges::sort(
          entries, {}, [](auto* entry) -> auto& { return entry->key; });
      out += '{';
      for (auto* entry : entries) {
        put(out, entry->key);
        put(out, entry->value, entry->key, {});
      }
      out += '}';
    }
  }
}

const Node* child(const Node& root, const std::string& key) {
  auto* entry = root.find(key);
  return entry ? &entry->value : nullptr;
}

std::string text_of(const Node& node, const std::vector<std::string>& without = {}) {
  std::string out;
  put(out, node, "", without);
  return out;
}

/// A broker takes its default names from the bridge's, its reply queue depends on keys, and a dead letter elsewhere in
/// the file is declared by it.
std::string surroundings(const Config& config, const BrokerSettings& settings) {
  std::string out;
  put(out, config.name);
  out += config.replies.keys.empty() ? '-' : '+';
  for (auto* names : {&settings.declares, &settings.own_names})
    for (auto& name : std::set<std::string>(names->begin(), names->end())) put(out, name);
  return out;
}

/// The list of routes, or the only one.
std::vector<const Node*> routes_of(const Node& root) {
  std::vector<const Node*> all;
  auto* routes = child(root, "routes");
  if (!routes || routes->kind == Node::Kind::null) return all;
  if (routes->kind != Node::Kind::list) return {routes};
  for (auto& item : routes->items) all.push_back(&item);
  return all;
}

}  // namespace

Written written_of(const Node& root, const Config& config) {
  Written written;
  for (auto& section : config.brokers) {
    auto& node = *child(*child(root, "brokers"), section.name);
    written.brokers[section.name] = Secret(text_of(node, {"subscribe"}) + surroundings(config, *section.settings));
    auto* subscribe = child(node, "subscribe");
    std::vector<std::string> texts{subscribe ? text_of(*subscribe) : ""};
    for (auto* route : routes_of(root)) {
      auto* from = child(*route, "from");
      auto* broker = from ? child(*from, "broker") : nullptr;
      if (!broker || broker->text != section.name) continue;
      auto text = text_of(*from, {"broker", "target", "headers"});
      if (std::ranges::find(texts, text) == texts.end()) texts.push_back(std::move(text));
    }
    std::string all;
    for (auto& text : texts) put(all, text);
    written.subscriptions[section.name] = Secret(std::move(all));
  }
  for (auto& handler : config.handlers)
    written.handlers[handler.name] =
        Secret(text_of(*child(*child(root, "handlers"), handler.name)) + handler.plugin.value);
  auto routes = routes_of(root);
  for (size_t i = 0; i < routes.size() && i < config.routes.size(); ++i)
    written.routes[config.routes[i].name] = Secret(text_of(*routes[i]));
  for (auto& entry : root.entries)
    if (entry.key != "brokers" && entry.key != "handlers" && entry.key != "routes")
      written.globals[entry.key] = Secret(text_of(entry.value));
  return written;
}

}  // namespace mombridge::config
