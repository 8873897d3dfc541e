#include "daemon/bridge.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "base/thread.hpp"
#include "daemon/builtin.hpp"

namespace mombridge {

namespace {

constexpr Duration kDrainPoll = std::chrono::milliseconds(5);

/// What closing may take beyond the drain itself: the last acks and offsets have to reach their brokers.
constexpr Duration kClosePatience = std::chrono::seconds(3);

/// So long without a single settlement, with messages in flight: something is stuck, and an operator wants to know.
constexpr Duration kStalled = std::chrono::seconds(30);
constexpr Duration kStallLook = std::chrono::seconds(5);

/// Stops all at once, as each may wait for its broker.
void stop_all(const std::map<std::string, std::shared_ptr<Broker>>& brokers, Duration patience) {
  std::vector<Thread::Entry> stops;
  for (auto& [name, broker] : brokers) stops.emplace_back([&broker = *broker, patience] { broker.stop(patience); });
  run_all("stop", stops);
}

}  // namespace

Bridge::Bridge(std::shared_ptr<const config::Config> config, EventLoop& loop)
    : config_(std::move(config)),
      loop_(loop),
      retired_(topology::Retired::on(loop)),
      router_(loop),
      stalls_(kStalled) {}

Bridge::~Bridge() {
  drained_ = nullptr;
  if (running_) finish(router_.in_flight());
  // Something still runs that may use a broker, or a message of one: then all stays for as long as the process.
  if (left_behind_) new std::shared_ptr<const topology::Snapshot>(snapshot_);
}

Result<> Bridge::build() {
  topology::Parts parts{.config = config_, .handlers = std::make_shared<handler::Registry>(&loop_)};
  for (auto& section : config_->brokers) parts.brokers[section.name] = broker_kind(section.type).create(section);
  for (auto& h : config_->handlers)
    if (auto ok = parts.handlers->load(h); !ok) return fail(ok.error());
  auto snapshot = topology::Snapshot::make(std::move(parts), destination_kinds(), retired_);
  if (!snapshot) return fail(snapshot.error());
  snapshot_ = std::move(*snapshot);
  router_.use(topology::Snapshot::routes(snapshot_));
  return {};
}

Result<> Bridge::start() {
  if (auto ok = build(); !ok) return ok;
  running_ = true;
  auto find_broker = [this](const std::string& name) -> handler::Outlet {
    auto& brokers = snapshot_->brokers();
    auto found = brokers.find(name);
    if (found == brokers.end()) return {};
    return {found->second.get(), config_->broker(name)->settings.get()};
  };
  if (auto ok = snapshot_->handlers().start(find_broker); !ok) return ok;
  for (auto& [name, broker] : snapshot_->brokers()) broker->start(router_.ingress(name));
  stall_timer_ = loop_.after(kStallLook, [this] { watch_stalls(); });
  return {};
}

void Bridge::drain(Duration patience, std::function<void(uint64_t)> done) {
  drained_ = std::move(done);
  drain_deadline_ = Clock::now() + patience;
  if (draining_) return;
  draining_ = true;
  // What is in flight may still have to pass through a memory broker: closed now, that would keep it for ever.
  for (auto& section : config_->brokers)
    if (!section.settings->kind->internal) snapshot_->brokers().at(section.name)->stop_intake();
  router_.drain();  // when no source would take at once what is given back to it
  wait_drained();
}

void Bridge::wait_drained() {
  auto in_flight = router_.in_flight();
  // What is held waits for the operator, and no longer than for anything else that cannot come.
  bool all_held = in_flight <= router_.held();
  if ((all_held && !snapshot_->handlers().unconfirmed()) || Clock::now() >= drain_deadline_) return finish(in_flight);
  drain_timer_ = loop_.after(kDrainPoll, [this] { wait_drained(); });
}

void Bridge::finish(uint64_t unsettled) {
  for (auto timer : {stall_timer_, drain_timer_}) loop_.cancel(timer);
  router_.stop();
  running_ = false;
  auto& handlers = snapshot_->handlers();
  handlers.stop();
  stop_all(snapshot_->brokers(), kClosePatience);
  handlers.close();
  left_behind_ = handlers.left_behind() ||
                 std::ranges::any_of(snapshot_->brokers(), [](auto& named) { return named.second->left_behind(); });
  if (drained_) drained_(unsettled);
}

Duration Bridge::longest_stall() const {
  Duration longest{};
  for (auto& [name, broker] : snapshot_->brokers())
    for (auto* loop : broker->loops()) longest = std::max(longest, loop->busy_for());
  return longest;
}

std::vector<NamedLink> Bridge::status() const {
  auto all = links();
  for (auto& stall : stalls_.status()) all.push_back(stall);
  return all;
}

void Bridge::watch_stalls() {
  auto all = links();
  for (auto& [name, broker] : snapshot_->brokers()) {
    auto& ingress = router_.ingress(name);
    auto in_flight = ingress.in_flight();  // before received(): what is settled in between shows as progress
    auto settled = ingress.received() - in_flight;
    // What waits for the rate of its route is where it should be.
    bool slowed = topology::Snapshot::routes(snapshot_)->limits(name);
    stalls_.look(name, settled, slowed ? 0 : in_flight, all, Clock::now());
  }
  stall_timer_ = loop_.after(kStallLook, [this] { watch_stalls(); });
}

std::vector<NamedLink> Bridge::links() const {
  std::vector<NamedLink> all;
  for (auto& [name, broker] : snapshot_->brokers())
    for (auto& link : broker->status()) all.emplace_back(name, link);
  return all;
}

}  // namespace mombridge
