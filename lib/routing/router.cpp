#include "routing/router.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "routing/events.hpp"
#include "routing/passage.hpp"
#include "routing/publish.hpp"

namespace mombridge::routing {

void Router::use(std::shared_ptr<const RouteTable> table) {
  // Unique in the process: a thread's cache of an earlier router must not pass for one of ours.
  static std::atomic<uint64_t> versions{0};
  std::lock_guard lock(mutex_);
  table_ = std::move(table);
  version_.store(++versions, std::memory_order_release);
}

Port& Router::port(const std::string& broker) {
  std::lock_guard lock(mutex_);
  auto& port = ports_[broker];
  if (!port) port = std::make_unique<Port>(*this, broker);
  return *port;
}

uint64_t Router::in_flight() const {
  std::lock_guard lock(mutex_);
  uint64_t sum = 0;
  for (auto& [name, port] : ports_) sum += port->in_flight();
  return sum;
}

uint64_t Router::held() const {
  std::lock_guard lock(mutex_);
  int64_t sum = 0;
  for (auto& [name, port] : ports_) sum += port->held();
  return static_cast<uint64_t>(std::max<int64_t>(sum, 0));
}

bool Router::refresh(std::shared_ptr<const RouteTable>& cached, uint64_t& version) const {
  if (version == version_.load(std::memory_order_acquire)) return false;
  std::lock_guard lock(mutex_);
  cached = table_;
  version = version_.load(std::memory_order_relaxed);
  return true;
}

void Port::receive(DeliveryHandle delivery) noexcept {
  // One per source thread: a broker's subscriptions each have their own, and a process has one router.
  struct Local {
    std::shared_ptr<const RouteTable> table;
    uint64_t version = 0;
    const Port* port = nullptr;
    const RouteTable::Lanes* lanes = nullptr;
    std::vector<const Route*> routes;
  };
  thread_local Local local;
  if (router_.refresh(local.table, local.version) || local.port != this) {
    local.port = this;
    local.lanes = local.table->lanes(broker_);
  }

  in_flight_.fetch_add(1, std::memory_order_relaxed);
  received_.add();
  if (!delivery->attachment) delivery->attachment = std::make_unique<Passage>(*this);
  auto& passage = static_cast<Passage&>(*delivery->attachment);
  RouteTable::match(local.lanes, delivery->subscription, delivery->message, local.routes);
  passage.begin(std::move(delivery), local.table);
  if (passage.delivery().deliveries_left && last_delivery(passage, local.routes)) [[unlikely]]
    return;
  aim(passage, local.routes);
  passage.launch();
}

void Port::aim(Passage& passage, const std::vector<const Route*>& routes) {
  if (passage.is_reply())
    passage.add().carry_home();
  else if (routes.empty())
    unrouted(passage);
  else
    route(passage, routes);
}

namespace {

/// The first in the file that can answer a request gets it as one.
const Target* first_that_answers(const std::vector<const Route*>& routes) {
  for (auto* route : routes)
    for (auto& to : route->to)
      if (to.answers()) return &to;
  return nullptr;
}

Part part_of(const Target& to, const Target* answering) {
  return !answering ? Part::none : &to == answering ? Part::answers : Part::looks_on;
}

/// Why the message must not go this way again; empty: it may.
std::string_view loop(const Route& route, const Hops& hops) {
  static const std::string kTooOften = "loop: passed " + std::to_string(kMaxHops) + " bridges or more";
  if (hops.count() >= kMaxHops) return kTooOften;
  return hops.passed(route.mark) ? "loop: this route has sent it already, and it has come back" : "";
}

}  // namespace

void Port::log_loop(const Route& route, const Message& message, std::string_view why) {
  loop_log_.event(log::Level::error, "message refused",
                  {{"broker", broker_},
                   {"route", route.config->name},
                   {"target", message.target},
                   {"reason", why},
                   {"hint", "a route must not send to where it reads, itself or by way of others"}});
}

void Port::route(Passage& passage, const std::vector<const Route*>& routes) {
  auto& message = passage.delivery().message;
  Hops hops(message);
  auto* answering = message.reply_to && !message.reply_to->empty() ? first_that_answers(routes) : nullptr;
  for (auto* route : routes) {
    route->matched->add();
    auto looped = loop(*route, hops);
    if (!looped.empty()) log_loop(*route, message, looped);
    for (auto& to : route->to) {
      auto& branch = passage.add();
      if (looped.empty())
        branch.aim(route, &to, route->failures.get(), part_of(to, answering));
      else
        branch.condemn(route, route->failures.get(), std::string(looped));
    }
  }
  if (message.reply_to && !message.reply_to->empty() && !answering) plain_requests_.add();
}

// Its source may drop the message after this delivery: it goes to the dead letter, or a copy back into its queue. False
// where it is handled as any other.
bool Port::last_delivery(Passage& passage, const std::vector<const Route*>& routes) {
  auto& left = *passage.delivery().deliveries_left;
  auto ends = [](const FailurePolicy& p) { return p.dead_letter || p.reject_when_exhausted; };
  auto& defaults = *passage.table()->default_failures();
  bool all_end = passage.is_reply() || routes.empty()
                     ? ends(defaults)
                     : std::ranges::all_of(routes, [&](auto* route) { return ends(*route->failures); });
  if (left.another) {
    if (!all_end) events::near_delivery_limit(broker_, passage.delivery().message.target, left.reason);
    return false;
  }
  if (!passage.is_reply() && routes.empty()) return false;  // nothing is tried with it that it could disturb
  if (left.dead_letter && all_end) {
    if (passage.is_reply()) passage.add().condemn(nullptr, &defaults, left.reason);
    for (auto* route : routes) passage.add().condemn(route, route->failures.get(), left.reason);
    passage.launch();
    return true;
  }
  passage.add().put_back(!left.known);
  if (!left.known) aim(passage, routes);
  passage.launch_first();
  return true;
}

void Port::unrouted(Passage& passage) {
  auto& message = passage.delivery().message;
  auto table = passage.table();
  bool discard = table->discard_unrouted();
  unrouted_log_.event(log::Level::warn, discard ? "unrouted message discarded" : "unrouted message dead-lettered",
                      {{"broker", broker_}, {"target", message.target}});
  if (discard)
    discarded_.add();
  else
    passage.add().condemn(nullptr, table->default_failures().get(), "no route takes it");
}

}  // namespace mombridge::routing
