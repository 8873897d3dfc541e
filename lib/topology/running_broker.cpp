#include "topology/running_broker.hpp"

#include <algorithm>
#include <utility>

#include "broker/pausing.hpp"
#include "broker/resubscribing.hpp"

namespace mombridge::topology {

void RunningBroker::pause(const std::vector<bool>& paused) {
  if (paused == paused_) return;
  paused_ = paused;
  if (auto* pausing = dynamic_cast<Pausing*>(broker_.get())) pausing->pause(paused);
}

void RunningBroker::start(routing::Router& router) {
  started_ = true;
  broker_->start(router.ingress(name()));
}

void RunningBroker::release(routing::Router& router) {
  if (auto ingress = router.release(name())) released_.push_back(std::move(ingress));
}

void RunningBroker::released_go_by(const std::shared_ptr<const routing::RouteTable>& table) {
  for (auto& ingress : released_) ingress->go_by(table);
}

bool RunningBroker::drop_idle() {
  std::erase_if(released_, [](auto& ingress) {
    if (ingress->in_flight()) return false;
    ingress->go_by(nullptr);
    return ingress->uses().idle();
  });
  return released_.empty();
}

bool RunningBroker::can_resubscribe(const config::BrokerSettings& settings) const {
  auto* resubscribing = started_ ? dynamic_cast<Resubscribing*>(broker_.get()) : nullptr;
  return resubscribing && resubscribing->can_resubscribe(settings);
}

void RunningBroker::resubscribe(const std::shared_ptr<const config::BrokerSettings>& settings, routing::Router& router,
                                const std::vector<bool>& paused) {
  paused_ = paused;
  dynamic_cast<Resubscribing&>(*broker_).resubscribe(settings, router.ingress(name()), paused);
}

uint64_t RunningBroker::released_in_flight() const {
  uint64_t sum = 0;
  for (auto& ingress : released_) sum += ingress->in_flight();
  return sum;
}

uint64_t RunningBroker::released_held() const {
  int64_t sum = 0;
  for (auto& ingress : released_) sum += ingress->held();
  return static_cast<uint64_t>(std::max<int64_t>(sum, 0));
}

}  // namespace mombridge::topology
