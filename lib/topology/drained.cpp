#include "topology/drained.hpp"

#include <algorithm>

#include "routing/arrivals.hpp"

namespace mombridge::topology {

namespace {

const config::Route* route_of(const std::string& name, const config::Config& config) {
  auto found = std::ranges::find(config.routes, name, &config::Route::name);
  return found == config.routes.end() ? nullptr : &*found;
}

bool feeds(const Source& source, const config::Route& route) {
  return routing::may_take(route, *source.broker, source.subscription);
}

}  // namespace

bool Section::in(const config::Config& config) const {
  return kind == Kind::broker ? config.broker(name) != nullptr : route_of(name, config) != nullptr;
}

std::vector<Source> sources_of(const Section& section, const config::Config& config) {
  std::vector<Source> all;
  auto* route = section.kind == Section::Kind::route ? route_of(section.name, config) : nullptr;
  if (!route && section.kind == Section::Kind::route) return all;
  for (auto& broker : config.brokers) {
    if (!route && broker.name != section.name) continue;
    for (size_t i = 0; i < broker.settings->subscription_count(); ++i)
      if (Source source{&broker, i}; !broker.settings->subscription(i).replies && (!route || feeds(source, *route)))
        all.push_back(source);
  }
  return all;
}

std::vector<std::string> routes_beside(const Section& section, const config::Config& config) {
  std::vector<std::string> names;
  auto sources = sources_of(section, config);
  for (auto& route : config.routes) {
    if (section.kind == Section::Kind::route && route.name == section.name) continue;
    if (std::ranges::any_of(sources, [&](auto& source) { return feeds(source, route); })) names.push_back(route.name);
  }
  return names;
}

void Drained::keep_those_of(const config::Config& config) {
  std::erase_if(sections_, [&](auto& section) { return !section.in(config); });
}

std::vector<bool> Drained::paused(const config::BrokerSection& broker, const config::Config& config) const {
  std::vector<bool> all;
  for (auto& section : sections_)
    for (auto& source : sources_of(section, config)) {
      if (source.broker != &broker) continue;
      all.resize(broker.settings->subscription_count());
      all[source.subscription] = true;
    }
  return all;
}

}  // namespace mombridge::topology
