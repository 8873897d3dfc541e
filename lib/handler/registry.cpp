#include "handler/registry.hpp"

#include <ranges>

namespace mombridge::handler {

namespace {
constexpr Duration kStopPatience = std::chrono::seconds(3);
}

Result<> Registry::load(const config::Handler& config) {
  auto instance = Instance::load(config, timers_);
  if (!instance) return fail(instance.error());
  instances_.push_back(std::move(*instance));
  return {};
}

Result<> Registry::start(const FindBroker& find_broker) {
  for (auto& instance : instances_)
    if (auto ok = instance->start(find_broker); !ok) return ok;
  return {};
}

void Registry::stop() {
  for (auto& instance : std::views::reverse(instances_)) instance->stop(kStopPatience);
}

std::unordered_map<std::string, Handler*> Registry::by_name() const {
  std::unordered_map<std::string, Handler*> all;
  for (auto& instance : instances_) all[instance->name()] = instance.get();
  return all;
}

}  // namespace mombridge::handler
