#include "routing/router.hpp"

#include <algorithm>
#include <vector>

namespace mombridge::routing {

void Router::use(std::shared_ptr<const RouteTable> table) {
  std::vector<Ingress*> ingresses;
  {
    std::lock_guard lock(mutex_);
    table_.swap(table);
    for (auto& [name, ingress] : ingresses_) ingresses.push_back(ingress.get());
  }
  // A table may end here, with all that it holds: not under the lock.
  for (auto* ingress : ingresses) ingress->uses().retire_all();
}

Ingress& Router::ingress(const std::string& broker) {
  std::lock_guard lock(mutex_);
  auto& ingress = ingresses_[broker];
  if (ingress) return *ingress;
  auto subscriptions = table_->origin(broker)->endpoint.section->settings->subscription_count();
  ingress = std::make_unique<Ingress>(broker, subscriptions, queue_, [this, broker] { return renew(broker); });
  return *ingress;
}

// Under the lock, so that no use of the former table begins behind use().
std::shared_ptr<TableUse> Router::renew(const std::string& broker) {
  std::lock_guard lock(mutex_);
  auto* origin = table_->origin(broker);
  return origin ? ingresses_[broker]->uses().add(table_, *origin) : nullptr;
}

uint64_t Router::in_flight() const {
  std::lock_guard lock(mutex_);
  uint64_t sum = 0;
  for (auto& [name, ingress] : ingresses_) sum += ingress->in_flight();
  return sum;
}

uint64_t Router::held() const {
  std::lock_guard lock(mutex_);
  int64_t sum = 0;
  for (auto& [name, ingress] : ingresses_) sum += ingress->held();
  return static_cast<uint64_t>(std::max<int64_t>(sum, 0));
}

}  // namespace mombridge::routing
