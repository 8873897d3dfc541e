#include "daemon/bridge.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "admin/observation.hpp"
#include "base/log.hpp"
#include "broker/source/memory_budget.hpp"
#include "daemon/builtin.hpp"
#include "handler/handler_counts.hpp"
#include "handler/publish_hold.hpp"
#include "routing/route_counts.hpp"

namespace mombridge {

namespace {

constexpr Duration kDrainPoll = std::chrono::milliseconds(5);

/// What closing may take beyond the drain itself: the last acks and offsets have to reach their brokers.
constexpr Duration kClosePatience = std::chrono::seconds(3);

/// So long without a single settlement, with messages in flight: something is stuck, and an operator wants to know.
constexpr Duration kStalled = std::chrono::seconds(30);
constexpr Duration kStallLook = std::chrono::seconds(5);

std::shared_ptr<topology::RunningBroker> create_broker(const config::BrokerSection& section) {
  auto& kind = broker_kind(section.type);
  return std::make_shared<topology::RunningBroker>(kind.create(section), section, kind.one_at_a_time);
}

http_ingress::MadeClient create_client(const config::BrokerSection& section, const config::ClientOptions& options) {
  auto& kind = broker_kind(section.type);
  if (!kind.client_settings) return {};
  auto own = section;
  own.settings = kind.client_settings(*section.settings, options);
  return {kind.create(own), own.settings};
}

/// Those that the configuration leaves as they are, from `former`, which has them; the others are loaded.
std::shared_ptr<handler::Registry> load_handlers(const config::Config& config, const topology::Difference& difference,
                                                 const handler::Registry* former, EventLoop& timers,
                                                 config::Diagnostics& diagnostics) {
  auto handlers = std::make_shared<handler::Registry>(&timers, former);
  auto replaced = former ? former->replaced_on_disk(config::Isolation::process) : std::vector<std::string>();
  for (auto& h : config.handlers) {
    if (topology::change_of(difference.handlers, h.name) == topology::Change::same &&
        std::ranges::find(replaced, h.name) == replaced.end())
      handlers->keep(h.name, *former);
    else if (auto loaded = handlers->load(h); !loaded)
      diagnostics.error(h.plugin.mark, "handlers." + h.name, loaded.error().text);
  }
  return handlers;
}

}  // namespace

Bridge::Bridge(std::shared_ptr<const config::Config> config, EventLoop& loop, config::Written written)
    : config_(std::move(config)),
      written_(std::move(written)),
      loop_(loop),
      retired_(topology::Retired::on(loop)),
      router_(loop),
      brokers_(loop, router_, create_broker),
      stalls_(kStalled) {}

Bridge::~Bridge() {
  drained_ = nullptr;
  if (life_ == Life::running || life_ == Life::draining) finish(router_.in_flight());
  if (!left_behind_) return;
  ingress_.release();  // NOLINT(bugprone-unused-return-value)
  // Something still runs that may use a broker, or a message of one: then all stays for as long as the process.
  new std::shared_ptr<const topology::Snapshot>(snapshot_);
  brokers_.leave_behind();
}

Result<> Bridge::listen() {
  if (!config_->ingress) return {};
  auto find_broker = [this](auto& name) { return brokers_.find(name); };
  auto listening = http_ingress::Ingress::listen(config_, find_broker, create_client);
  if (!listening) return fail(listening.error());
  ingress_ = std::move(*listening);
  return {};
}

Result<> Bridge::start() {
  config::Diagnostics diagnostics;
  life_ = Life::running;
  use(config_, {}, diagnostics);
  if (!diagnostics.ok()) {
    life_ = Life::made;
    return fail(diagnostics.sorted().front().what);
  }
  stall_timer_ = loop_.after(kStallLook, [this] { watch_stalls(); });
  return ingress_ ? ingress_->start() : Result<>();
}

topology::Difference Bridge::change_to(const std::shared_ptr<const config::Config>& config, config::Written written,
                                       config::Diagnostics& diagnostics) {
  auto difference = topology::compare(written_, written);
  use(config, difference, diagnostics);
  if (diagnostics.ok()) written_ = std::move(written);
  return difference;
}

void Bridge::use(const std::shared_ptr<const config::Config>& config, const topology::Difference& difference,
                 config::Diagnostics& diagnostics) {
  auto* former = snapshot_.get();
  auto* former_handlers = former ? &former->handlers() : nullptr;
  topology::Parts parts{.config = config,
                        .brokers = {},
                        .handlers = load_handlers(*config, difference, former_handlers, loop_, diagnostics)};
  if (!diagnostics.ok()) return;
  parts.brokers = topology::brokers_of(brokers_.plan(*config, difference));
  auto snapshot =
      topology::Snapshot::make(std::move(parts), destination_kinds(), retired_, former ? &former->table() : nullptr);
  auto hold = std::make_shared<handler::PublishHold>();
  auto find_broker = [this, hold](const std::string& name) {
    auto outlet = brokers_.find(name);
    if (outlet.broker && outlet.settings->kind->internal) outlet.hold = hold;
    return outlet;
  };
  auto ok = snapshot ? (*snapshot)->handlers().start(find_broker) : Result<>(fail(snapshot.error()));
  if (!ok) {
    diagnostics.error({}, "", ok.error().text);
    hold->discard();
    // What was started of it ends now, while the brokers that it may publish to are there.
    snapshot = fail(ok.error());
    retired_->end_all();
    brokers_.discard();
    return;
  }
  source::memory_budget().change_to(config->memory);  // before a client is made, whose limits follow it
  brokers_.change_to(topology::Snapshot::routes(*snapshot), difference, config->shutdown_timeout);
  hold->release();
  snapshot_ = std::move(*snapshot);
  config_ = config;
  if (ingress_) ingress_->use(config, difference);
}

void Bridge::drain(Duration patience, std::function<void(uint64_t)> done) {
  drained_ = std::move(done);
  drain_deadline_ = Clock::now() + patience;
  if (draining()) return;
  life_ = Life::draining;
  if (ingress_) ingress_->drain();
  // What is in flight may still have to pass through a memory broker: closed now, that would keep it for ever.
  brokers_.stop_intake();
  router_.drain();  // when no source would take at once what is given back to it
  wait_drained();
}

bool Bridge::drain_section(const topology::Section& section) {
  if (!brokers_.drained().add(section)) return false;
  brokers_.pause(*config_);
  return true;
}

bool Bridge::resume_section(const topology::Section& section) {
  if (!brokers_.drained().remove(section)) return false;
  brokers_.pause(*config_);
  return true;
}

bool Bridge::drained(const topology::Section& section) const { return brokers_.drained().sections().contains(section); }

std::vector<routing::InFlight> Bridge::in_flight(const topology::Section& section) const {
  // Those of an earlier table have lost their source: they may be of any.
  std::set<std::pair<std::string, std::string>> sources;
  for (auto& source : topology::sources_of(section, *config_)) {
    sources.emplace(source.broker->name, source.broker->settings->subscription(source.subscription).source);
    sources.emplace(source.broker->name, "");
  }
  auto all = router_.in_flight_by_subscription();
  std::erase_if(all, [&](auto& one) { return !sources.contains({one.broker, one.subscription}); });
  return all;
}

void Bridge::wait_drained() {
  auto in_flight = router_.in_flight();
  // What is held waits for the operator, and no longer than for anything else that cannot come.
  bool all_held = in_flight <= router_.held();
  bool unconfirmed = snapshot_->handlers().unconfirmed() || (ingress_ && ingress_->open());
  if ((all_held && !unconfirmed) || Clock::now() >= drain_deadline_) return finish(in_flight);
  drain_timer_ = loop_.after(kDrainPoll, [this] { wait_drained(); });
}

void Bridge::finish(uint64_t unsettled) {
  for (auto timer : {stall_timer_, drain_timer_}) loop_.cancel(timer);
  router_.stop();
  life_ = Life::ended;
  auto& handlers = snapshot_->handlers();
  handlers.stop();
  brokers_.stop(kClosePatience);
  if (ingress_) ingress_->stop();
  handlers.close();
  left_behind_ = handlers.left_behind() || brokers_.left_behind();
  if (drained_) drained_(unsettled);
}

std::vector<NamedLink> Bridge::status() const {
  auto all = brokers_.links();
  for (auto& stall : stalls_.status()) all.push_back(stall);
  return all;
}

std::string Bridge::not_live() const {
  if (brokers_.longest_stall() >= admin::kStuck) return "an event loop is stuck";
  for (auto* runner : snapshot_->handlers().runners())
    if (auto threads = runner->threads(); threads && threads->stuck())
      return "handler '" + runner->name() + "' has no thread left, because none comes back from handle()";
  return {};
}

admin::Status Bridge::observe(const admin::Status::Load& config, bool wants_figures) const {
  auto status = admin::observe({.snapshot = *snapshot_,
                                .router = router_,
                                .drained = brokers_.drained(),
                                .stalls = stalls_.status(),
                                .config = config,
                                .not_live = not_live(),
                                .draining = draining(),
                                .wants_figures = wants_figures});
  if (ingress_) status.ingress = ingress_->status();
  return status;
}

void Bridge::watch_stalls() {
  auto now = Clock::now();
  auto links = brokers_.links();
  auto& routes = *topology::Snapshot::routes(snapshot_);
  for (auto& section : config_->handlers) {
    auto& counts = handler::handler_counts().at({section.name});
    auto ended = counts.ended.value();
    stalls_.look_at_handler(section.name, ended, counts.in_flight(), now);
  }
  // Before what was received: what is settled in between shows as progress.
  std::map<std::vector<std::string>, uint64_t> in_flight;
  for (auto& one : router_.in_flight_by_subscription()) in_flight[{one.broker, one.subscription}] += one.messages;
  for (auto& [labels, counts] : routing::received_messages().all()) {
    StallWatch::Subscription subscription{.broker = labels[0], .source = labels[1], .in_flight = in_flight[labels]};
    subscription.settled = counts->messages.value() - subscription.in_flight;
    subscription.handlers = routes.handlers_of(subscription.broker);
    // What waits for the rate of its route is where it should be.
    if (routes.limits(subscription.broker)) subscription.in_flight = 0;
    stalls_.look(subscription, links, now);
  }
  stall_timer_ = loop_.after(kStallLook, [this] { watch_stalls(); });
}

}  // namespace mombridge
