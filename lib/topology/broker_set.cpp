#include "topology/broker_set.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "broker/links.hpp"

namespace mombridge::topology {

namespace {

constexpr Duration kLook = std::chrono::milliseconds(20);

/// What closing may take: the last acks and offsets have to reach their brokers.
constexpr Duration kClosePatience = std::chrono::seconds(3);

}  // namespace

BrokerSet::BrokerSet(EventLoop& loop, routing::Router& router, Create create)
    : loop_(loop), router_(router), create_(std::move(create)) {}

BrokerSet::~BrokerSet() {
  loop_.cancel(timer_);
  for (auto& [name, broker] : present_) broker->released_go_by(nullptr);
}

const BrokerSet::Brokers& BrokerSet::plan(const config::Config& config, const Difference& difference) {
  Brokers planned;
  for (auto& section : config.brokers) {
    auto change = change_of(difference.brokers, section.name);
    auto found = present_.find(section.name);
    // One that waits for the end of its predecessor can still be made anew, which is simpler than to change it.
    bool stays = change == Change::same || (change == Change::resubscribed && found != present_.end() &&
                                            found->second->can_resubscribe(*section.settings));
    if (stays)
      planned[section.name] = found->second;
    else
      planned[section.name] = create_(section);
  }
  std::lock_guard lock(mutex_);
  planned_ = std::move(planned);
  return planned_;
}

void BrokerSet::discard() {
  Brokers discarded;  // ends without the lock
  std::lock_guard lock(mutex_);
  discarded.swap(planned_);
}

void BrokerSet::change_to(const std::shared_ptr<const routing::RouteTable>& table, const Difference& difference,
                          Duration patience) {
  std::vector<std::shared_ptr<RunningBroker>> resubscribed;
  for (auto& [name, broker] : present_) {
    auto found = planned_.find(name);
    if (found == planned_.end() || found->second != broker)
      leave(broker, patience);
    else if (change_of(difference.brokers, name) == Change::resubscribed)
      resubscribed.push_back(broker);
  }
  // What they still hand in goes by the former table, which has the subscriptions that they have.
  for (auto& broker : resubscribed) broker->release(router_);
  {
    std::lock_guard lock(mutex_);
    present_ = std::exchange(planned_, {});
  }
  router_.use(table);
  auto& config = table->config();
  drained_.keep_those_of(config);
  for (auto& broker : resubscribed) {
    auto& section = *config.broker(broker->name());
    broker->resubscribe(section.settings, router_, drained_.paused(section, config));
  }
  pause(config);
  for (auto& [name, broker] : present_) broker->released_go_by(table);
  for (auto& leaving : leaving_) leaving.broker->released_go_by(*leaving.stopped ? nullptr : table);
  start_those_that_may();
  loop_.cancel(timer_);
  look();
}

void BrokerSet::pause(const config::Config& config) {
  for (auto& section : config.brokers)
    if (auto found = present_.find(section.name); found != present_.end())
      found->second->pause(drained_.paused(section, config));
}

void BrokerSet::leave(const std::shared_ptr<RunningBroker>& broker, Duration patience) {
  if (broker->started()) {
    broker->broker().stop_intake();
    broker->release(router_);
  }
  leaving_.push_back({.broker = broker, .deadline = Clock::now() + patience});
}

void BrokerSet::look() {
  timer_ = 0;
  for (auto& leaving : leaving_)
    if (!leaving.stopping && !*leaving.stopped && may_stop(leaving)) begin_stop(leaving);
  std::erase_if(leaving_, [this](Leaving& leaving) {
    if (!*leaving.stopped) return false;
    leaving.stopping.join();
    if (leaving.broker->broker().left_behind()) {
      left_behind_ = true;
      new std::shared_ptr<RunningBroker>(leaving.broker);
    }
    leaving.broker->released_go_by(nullptr);
    // Its deliveries are its own, wherever they are.
    return leaving.broker->drop_idle();
  });
  start_those_that_may();
  bool idle = leaving_.empty();
  for (auto& [name, broker] : present_) idle &= broker->drop_idle();
  if (!idle) timer_ = loop_.after(kLook, [this] { look(); });
}

// What is held, and what was published to a broker that cannot be reached, waits for something that a reload has
// perhaps mended: it goes on when the broker gives it back.
bool BrokerSet::may_stop(const Leaving& leaving) const {
  auto& broker = *leaving.broker;
  if (!broker.started() || Clock::now() >= leaving.deadline) return true;
  if (broker.released_in_flight() > broker.released_held()) return false;
  bool unused = leaving.broker.use_count() == 1;
  return unused || publisher_not_up(broker.broker());
}

void BrokerSet::begin_stop(Leaving& leaving) const {
  auto stop = [broker = leaving.broker, stopped = leaving.stopped] {
    broker->broker().stop(kClosePatience);
    *stopped = true;
  };
  // The main thread must not wait for a broker.
  auto thread = Thread::start("stop", stop);
  if (thread)
    leaving.stopping = std::move(*thread);
  else
    stop();
}

void BrokerSet::start_those_that_may() {
  for (auto& [name, broker] : present_)
    if (!broker->started() && (!broker->one_at_a_time() || !one_that_ends_has_name(name))) {
      broker->start(router_);
      // What is on its way may still have to be published to it.
      if (ending_) broker->broker().stop_intake();
    }
}

bool BrokerSet::one_that_ends_has_name(const std::string& name) const {
  return std::ranges::any_of(leaving_, [&](auto& leaving) {
    return leaving.broker->started() && !*leaving.stopped && leaving.broker->name() == name;
  });
}

handler::Outlet BrokerSet::find(const std::string& name) const {
  std::lock_guard lock(mutex_);
  auto found = planned_.find(name);
  if (found == planned_.end() && (found = present_.find(name)) == present_.end()) return {};
  auto& running = found->second;
  return {std::shared_ptr<Broker>(running, &running->broker()), running->settings()};
}

void BrokerSet::stop_intake() {
  ending_ = true;
  for (auto& [name, broker] : present_)
    if (broker->started() && !broker->settings()->kind->internal) broker->broker().stop_intake();
}

void BrokerSet::stop(Duration patience) {
  ending_ = true;
  loop_.cancel(timer_);
  std::vector<Thread::Entry> stops;
  for (auto& [name, broker] : present_)
    stops.emplace_back([&broker = broker->broker(), patience] { broker.stop(patience); });
  for (auto& leaving : leaving_) {
    if (leaving.stopping || *leaving.stopped) continue;
    stops.emplace_back([&broker = leaving.broker->broker(), patience] { broker.stop(patience); });
  }
  run_all("stop", stops);
  for (auto& leaving : leaving_) leaving.stopping.join();
  for (auto& [name, broker] : present_) left_behind_ |= broker->broker().left_behind();
  for (auto& leaving : leaving_) left_behind_ |= leaving.broker->broker().left_behind();
}

void BrokerSet::leave_behind() {
  new Brokers(present_);
  new std::vector<Leaving>(std::move(leaving_));
  leaving_.clear();
}

std::vector<NamedLink> BrokerSet::links() const {
  std::vector<NamedLink> all;
  for (auto& [name, broker] : present_)
    for (auto& link : broker->broker().status()) all.emplace_back(name, link);
  for (auto& leaving : leaving_)
    for (auto& link : leaving.broker->broker().status()) all.emplace_back(leaving.broker->name() + " (ending)", link);
  return all;
}

Duration BrokerSet::longest_stall() const {
  Duration longest{};
  for (auto& [name, broker] : present_)
    for (auto* loop : broker->broker().loops()) longest = std::max(longest, loop->busy_for());
  return longest;
}

std::map<std::string, std::shared_ptr<Broker>> brokers_of(const BrokerSet::Brokers& brokers) {
  std::map<std::string, std::shared_ptr<Broker>> all;
  for (auto& [name, running] : brokers) all[name] = std::shared_ptr<Broker>(running, &running->broker());
  return all;
}

}  // namespace mombridge::topology
