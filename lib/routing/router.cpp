#include "routing/router.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace mombridge::routing {

Router::~Router() { use(nullptr); }

void Router::use(std::shared_ptr<const RouteTable> table) {
  std::vector<std::shared_ptr<Ingress>> ingresses;
  auto former = table;
  {
    std::lock_guard lock(mutex_);
    table_.swap(former);
    for (auto& [name, ingress] : ingresses_) ingresses.push_back(ingress);
  }
  // A table may end here, with all that it holds: not under the lock.
  for (auto& ingress : ingresses) ingress->go_by(table);
  if (!former || !table) return;
  table->change_rates(*former);  // after go_by(), so that what waits no longer goes on by the new routes
  queue_.retry_held();
}

Ingress& Router::ingress(const std::string& broker) {
  std::lock_guard lock(mutex_);
  auto& ingress = ingresses_[broker];
  if (ingress) return *ingress;
  auto subscriptions = table_->origin(broker)->endpoint.section->settings->subscription_count();
  ingress = std::make_shared<Ingress>(broker, subscriptions, queue_);
  ingress->go_by(table_);
  return *ingress;
}

std::shared_ptr<Ingress> Router::release(const std::string& broker) {
  std::lock_guard lock(mutex_);
  auto found = ingresses_.find(broker);
  if (found == ingresses_.end()) return nullptr;
  auto released = std::move(found->second);
  ingresses_.erase(found);
  std::erase_if(released_, [](auto& gone) { return gone.expired(); });
  released_.push_back(released);
  return released;
}

void Router::visit(const std::function<void(const Ingress&)>& visitor) const {
  std::vector<std::shared_ptr<Ingress>> kept;  // so that none of them ends under the lock
  std::lock_guard lock(mutex_);
  for (auto& [name, ingress] : ingresses_) visitor(*ingress);
  for (auto& weak : released_)
    if (auto ingress = weak.lock()) visitor(*kept.emplace_back(std::move(ingress)));
}

uint64_t Router::in_flight() const {
  uint64_t sum = 0;
  visit([&](const Ingress& ingress) { sum += ingress.in_flight(); });
  return sum;
}

uint64_t Router::in_flight(const std::string& broker) const {
  uint64_t sum = 0;
  visit([&](const Ingress& ingress) {
    if (ingress.broker() == broker) sum += ingress.in_flight();
  });
  return sum;
}

uint64_t Router::held() const {
  int64_t sum = 0;
  visit([&](const Ingress& ingress) { sum += ingress.held(); });
  return static_cast<uint64_t>(std::max<int64_t>(sum, 0));
}

std::map<std::string, uint64_t> Router::held_by_broker() const {
  std::map<std::string, uint64_t> all;
  visit([&](const Ingress& ingress) {
    all[ingress.broker()] += static_cast<uint64_t>(std::max<int64_t>(ingress.held(), 0));
  });
  return all;
}

std::vector<InFlight> Router::in_flight_by_subscription() const {
  std::vector<InFlight> all;
  visit([&](const Ingress& ingress) {
    for (auto& [source, unsettled] : ingress.in_flight_by_source())
      all.push_back(
          {ingress.broker(), source, unsettled.messages, static_cast<uint64_t>(std::max<int64_t>(unsettled.held, 0))});
  });
  return all;
}

}  // namespace mombridge::routing
