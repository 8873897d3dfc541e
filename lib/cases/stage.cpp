#include "cases/stage.hpp"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "cases/fields.hpp"
#include "config/yaml_reader.hpp"

namespace mombridge::cases {

namespace {

constexpr Duration kLook = std::chrono::milliseconds(1);

/// A case must not wait as long as the bridge does between its attempts.
constexpr Duration kBackoff = std::chrono::milliseconds(1);

config::Config without_waits(config::Config config) {
  auto shorten = [](config::Failures& failures) { failures.backoff_first = failures.backoff_longest = kBackoff; };
  shorten(config.failures);
  for (auto& route : config.routes)
    if (route.failures) shorten(*route.failures);
  return config;
}

Value value_of(const config::Typed& typed) {
  struct Visitor {
    Value operator()(bool v) const { return Value::of_bool(v); }
    Value operator()(int64_t v) const { return Value::of(v); }
    Value operator()(double v) const { return Value::of_real(v); }
    Value operator()(const std::string& v) const { return Value::of(v); }
  };
  return std::visit(Visitor{}, typed);
}

bool is_dead_letter(const Sent& sent) {
  return std::ranges::any_of(sent.headers, [](auto& h) { return h.name.starts_with(header::kDeadLetter); });
}

bool is_reply(const Sent& sent, const Message& message, const std::string& broker) {
  auto* target = sent.field("target");
  auto* to = sent.field("broker");
  return message.reply_to && target && *target == *message.reply_to && to && *to == broker;
}

std::string sources(const config::BrokerSettings& settings) {
  std::string all;
  for (size_t i = 0; i < settings.subscription_count(); ++i)
    if (!settings.subscription(i).replies) all += (all.empty() ? "'" : ", '") + settings.subscription(i).source + "'";
  return all.empty() ? "none" : all;
}

}  // namespace

/// A message of a case, which belongs to its stage.
class PlayedDelivery final : public Delivery {
 public:
  /// `given` outlives this.
  explicit PlayedDelivery(const Given& given) {
    for (auto& [name, value] : given.headers) headers_.push_back({name, value_of(value)});
    message.target = given.target.value;
    message.body = given.body;
    message.tombstone = given.tombstone;
    message.headers = headers_;
    for (auto& [name, value] : given.properties)
      message.*std::ranges::find(kProperties, name, &Property::name)->value = value;
  }

  void settle(Settlement settlement) noexcept override {
    // What was given back because the stage ends was not settled by its routes.
    if (settlement != Settlement::requeue) accepted_ = true;
  }
  void held(bool yes) noexcept override { held_ = yes; }

  [[nodiscard]] bool is_settled() const { return accepted_; }
  [[nodiscard]] bool is_held() const { return held_; }

 private:
  std::vector<Header> headers_;
  std::atomic<bool> accepted_{false}, held_{false};
};

/// How a message comes in, and what takes it.
struct Stage::Way {
  uint32_t subscription = 0;
  std::vector<const routing::Route*> routes;
};

Stage::Stage(const config::Config& config, const routing::DestinationKinds& kinds, MakeBroker make)
    : config_(std::make_shared<const config::Config>(without_waits(config))),
      kinds_(kinds),
      make_(std::move(make)),
      loop_("cases"),
      retired_(topology::Retired::on(loop_)),
      router_(loop_) {
  loop_.start();
}

Stage::~Stage() {
  loop_.call([this] { end(); });
  loop_.stop();
}

Result<> Stage::start() {
  Result<> result;
  loop_.call([&] { result = build(); });
  return result;
}

void Stage::end() {
  if (!snapshot_) return;
  router_.stop();
  snapshot_->handlers().stop();
  for (auto& [name, broker] : snapshot_->brokers()) broker->stop(std::chrono::seconds(1));
  snapshot_->handlers().close();
}

Result<> Stage::build() {
  topology::Parts parts{.config = config_, .handlers = std::make_shared<handler::Registry>(&loop_)};
  for (auto& section : config_->brokers)
    parts.brokers[section.name] = std::make_shared<Recorder>(
        section.name, *section.settings, record_, section.settings->kind->internal ? make_(section) : nullptr);
  for (auto& h : config_->handlers)
    if (auto loaded = parts.handlers->load(h); !loaded) return loaded;
  auto snapshot = topology::Snapshot::make(std::move(parts), kinds_, retired_);
  if (!snapshot) return fail(snapshot.error());
  snapshot_ = std::move(*snapshot);
  router_.use(topology::Snapshot::routes(snapshot_));
  auto find_broker = [this](const std::string& name) -> handler::Outlet {
    auto found = snapshot_->brokers().find(name);
    if (found == snapshot_->brokers().end()) return {};
    return {found->second, config_->broker(name)->settings};
  };
  if (auto started = snapshot_->handlers().start(find_broker); !started) return started;
  for (auto& [name, broker] : snapshot_->brokers()) broker->start(router_.ingress(name));
  return {};
}

Result<Happened> Stage::play(const Given& given, Duration patience) {
  auto& broker = given.broker.value;
  if (!config_->broker(broker)) {
    std::vector<std::string> known;
    for (auto& section : config_->brokers) known.push_back(section.name);
    return fail("there is no broker '" + broker + "' (" + config::nearest_hint(broker, known) + ")");
  }
  auto& delivery = *deliveries_.emplace_back(std::make_unique<PlayedDelivery>(given));
  auto way = way_of(given, delivery.message);
  if (!way) return fail(way.error());
  Happened happened;
  for (auto* route : way->routes) happened.routes.push_back(route->config->name);
  delivery.subscription = way->subscription;
  record_.take();
  loop_.call([&] { router_.ingress(broker).receive(DeliveryHandle(&delivery)); });
  for (auto end = Clock::now() + patience; !is_done(delivery) && Clock::now() < end;)
    std::this_thread::sleep_for(kLook);
  happened.end = delivery.is_settled() ? Happened::End::settled
                 : delivery.is_held()  ? Happened::End::held
                                       : Happened::End::pending;
  for (auto& sent : record_.take()) {
    auto& into = is_dead_letter(sent)                       ? happened.dead_letters
                 : is_reply(sent, delivery.message, broker) ? happened.replies
                                                            : happened.sent;
    into.push_back(std::move(sent));
  }
  return happened;
}

/// The subscription through which the message comes: the named one; else the one that brings its target, if others that
/// bring it lead to the same routes.
Result<Stage::Way> Stage::way_of(const Given& given, const Message& message) const {
  auto& broker = given.broker.value;
  auto& settings = *config_->broker(broker)->settings;
  auto table = topology::Snapshot::routes(snapshot_);
  routing::RouteMatches matches;
  std::optional<Way> found;
  std::string first;
  for (uint32_t i = 0; i < settings.subscription_count(); ++i) {
    auto& s = settings.subscription(i);
    if (s.replies || (given.through && s.source != given.through->value)) continue;
    if (!given.through && !settings.brings(s, given.target.value)) continue;
    table->origin(broker)->match(i, message, matches);
    Way way{.subscription = i, .routes = matches.routes};
    if (found && found->routes == way.routes) continue;
    if (found)
      return fail("it can come through '" + first + "' or '" + s.source +
                  "', which lead to different routes: the message's `queue`, `topic` or `exchange` says through which");
    found = std::move(way);
    first = s.source;
  }
  if (found) return std::move(*found);
  if (given.through)
    return fail("broker '" + broker + "' does not subscribe to '" + given.through->value +
                "'; its subscriptions: " + sources(settings));
  return fail("no subscription of broker '" + broker + "' brings target '" + given.target.value +
              "'; its subscriptions: " + sources(settings));
}

bool Stage::is_done(const PlayedDelivery& delivery) {
  if (delivery.is_held()) return true;
  if (!delivery.is_settled()) return false;
  bool confirmed = false;
  loop_.call([&] { confirmed = !snapshot_->handlers().unconfirmed(); });
  return confirmed;
}

}  // namespace mombridge::cases
