#include "broker/supervisor.hpp"

#include <algorithm>
#include <chrono>

#include "base/log.hpp"

namespace mombridge {

namespace {
// A link that breaks sooner than this after it came up keeps its backoff, because a broker that accepts connections and
// closes them at once would otherwise be tried again without a pause.
constexpr Duration kStable = std::chrono::seconds(5);
}  // namespace

Family<Counter>& reconnects() {
  static auto* family = new Family<Counter>;  // never destroyed, as counters are not
  return *family;
}

Family<BlockedTime>& blocked_times() {
  static auto* family = new Family<BlockedTime>;
  return *family;
}

std::string_view to_string(LinkStatus::State state) {
  switch (state) {
    case LinkStatus::State::connecting:
      return "connecting";
    case LinkStatus::State::up:
      return "up";
    case LinkStatus::State::blocked:
      return "blocked";
    case LinkStatus::State::failing:
      return "failing";
    case LinkStatus::State::stopped:
      return "stopped";
  }
  return "unknown";
}

Supervisor::Supervisor(EventLoop& loop, std::string broker, std::string link, Backoff backoff,
                       std::function<void()> open, LinkStatus::Role role)
    : loop_(loop),
      broker_(std::move(broker)),
      backoff_(backoff),
      open_(std::move(open)),
      reconnects_(reconnects().at({broker_, link})),
      blocked_time_(blocked_times().at({broker_, link})) {
  status_.link = std::move(link);
  status_.role = role;
  status_.become(LinkStatus::State::connecting, "");
}

Supervisor::~Supervisor() {
  if (timer_) loop_.cancel(timer_);
  if (status_.state == LinkStatus::State::blocked) blocked_time_.end();
}

void Supervisor::start() { attempt(); }

void Supervisor::attempt() {
  timer_ = 0;
  if (!stopped_) open_();
}

Duration Supervisor::opened(const std::string& detail) {
  if (stopped_) return {};
  up_since_ = Clock::now();
  bool again = down_since_ != TimePoint{};
  auto down = again ? up_since_ - down_since_ : Duration::zero();
  down_since_ = {};
  if (again) reconnects_.add();
  reason_.clear();
  log::info(failures_ ? "connected again" : "connected",
            {{"broker", broker_}, {"link", status_.link}, {"endpoint", detail}});
  failures_ = 0;
  set(LinkStatus::State::up, detail);
  return down;
}

void Supervisor::failed(const Error& error, Duration at_least) {
  if (stopped_) return;
  bool was_up = up_since_ != TimePoint{};
  if (was_up && Clock::now() - up_since_ > kStable) backoff_.reset();
  if (was_up) down_since_ = Clock::now();
  up_since_ = {};
  auto text = error.text;
  if (!error.vague)
    reason_ = text;
  else if (!reason_.empty())
    text = reason_ + " (and now: " + error.text + ")";
  set(LinkStatus::State::failing, text);
  if (timer_) return;
  ++failures_;
  Duration wait = std::max(backoff_.next(), at_least);
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(wait).count();
  log::warn(
      was_up ? "connection lost" : "cannot connect",
      {{"broker", broker_}, {"link", status_.link}, {"reason", text}, {"attempt", failures_}, {"retry_in_ms", ms}});
  timer_ = loop_.after(wait, [this] { attempt(); });
}

void Supervisor::blocked(const std::string& reason) {
  log::warn("blocked by the broker", {{"broker", broker_}, {"link", status_.link}, {"reason", reason}});
  set(LinkStatus::State::blocked, reason);
}

void Supervisor::unblocked() {
  log::info("unblocked", {{"broker", broker_}, {"link", status_.link}});
  set(LinkStatus::State::up, "");
}

void Supervisor::pause(const std::string& reason) {
  if (stopped_) return;
  loop_.cancel(std::exchange(timer_, 0));
  if (up_since_ != TimePoint{}) down_since_ = Clock::now();
  up_since_ = {};
  reason_.clear();
  log::warn("paused", {{"broker", broker_}, {"link", status_.link}, {"reason", reason}});
  set(LinkStatus::State::blocked, reason);
}

void Supervisor::resume() {
  if (stopped_ || timer_) return;
  set(LinkStatus::State::connecting, "");
  attempt();
}

void Supervisor::retry() {
  if (!timer_) return;
  loop_.cancel(timer_);
  attempt();
}

void Supervisor::stop() {
  stopped_ = true;
  loop_.cancel(timer_);
  timer_ = 0;
  set(LinkStatus::State::stopped, "");
}

LinkStatus Supervisor::status() const {
  std::lock_guard lock(mutex_);
  return status_;
}

void Supervisor::set(LinkStatus::State state, const std::string& detail) {
  up_.store(state == LinkStatus::State::up, std::memory_order_relaxed);
  std::lock_guard lock(mutex_);
  bool was_blocked = status_.state == LinkStatus::State::blocked;
  bool is_blocked = state == LinkStatus::State::blocked;
  if (is_blocked && !was_blocked) blocked_time_.begin();
  if (was_blocked && !is_blocked) blocked_time_.end();
  status_.become(state, detail);
}

}  // namespace mombridge
