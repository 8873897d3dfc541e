#include "handler/registry.hpp"

#include <algorithm>

namespace mombridge::handler {

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

void Registry::stop(Duration patience) {
  auto deadline = Clock::now() + patience;
  for (auto& instance : instances_) instance->stop_taking();  // they end side by side
  for (auto instance = instances_.rbegin(); instance != instances_.rend(); ++instance)
    (*instance)->stop(std::max(deadline - Clock::now(), Duration::zero()));
}

bool Registry::left_behind() const {
  return std::ranges::any_of(instances_, [](auto& instance) { return instance->left_behind(); });
}

uint64_t Registry::unconfirmed() const {
  uint64_t sum = 0;
  for (auto& instance : instances_) sum += instance->unconfirmed();
  return sum;
}

std::unordered_map<std::string, Handler*> Registry::by_name() const {
  std::unordered_map<std::string, Handler*> all;
  for (auto& instance : instances_) all[instance->name()] = instance.get();
  return all;
}

}  // namespace mombridge::handler
