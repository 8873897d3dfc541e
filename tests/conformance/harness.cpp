#include "harness.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/log.hpp"

namespace mombridge::conformance {

Sent::Sent(Outbox& outbox, std::string target_name, OwnMessage own)
    : outbox_(outbox), own_target_(std::move(target_name)), own_(std::move(own)), message_(view_of(own_, storage_)) {
  message = &message_;
  target = own_target_;
  key = message_.key;
}

void Sent::add_headers(std::vector<OwnHeader> added) {
  own_headers_ = std::move(added);
  headers = view_of(own_headers_, storage_);
}

void Sent::completed(Outcome o) noexcept {
  // The second completion is what the tests look for, so it must not race with the first one's readers.
  if (completions.fetch_add(1) == 0) outcome = std::move(o);
  outbox_.completed.add();
}

Sent& Outbox::add(const std::string& target, OwnMessage message) {
  std::lock_guard lock(mutex_);
  return sent_.emplace_back(*this, target, std::move(message));
}

Sent& Outbox::publish(Broker& broker, const std::string& target, OwnMessage message) {
  Sent& sent = add(target, std::move(message));
  broker.publish(sent);
  return sent;
}

Sent& Outbox::publish(Broker& broker, const std::string& target, const std::string& body) {
  return publish(broker, target, OwnMessage{.body = body});
}

void Outbox::publish_numbers(Broker& broker, const std::string& target, int from, int to) {
  for (int i = from; i < to; ++i) publish(broker, target, std::to_string(i));
}

size_t Outbox::size() const {
  std::lock_guard lock(mutex_);
  return sent_.size();
}

size_t Outbox::with(Outcome::Kind kind) const {
  std::lock_guard lock(mutex_);
  size_t n = 0;
  for (auto& s : sent_) n += s.completions && s.outcome.kind == kind;
  return n;
}

size_t Outbox::wrongly_completed() const {
  std::lock_guard lock(mutex_);
  size_t n = 0;
  for (auto& s : sent_) n += s.completions != 1;
  return n;
}

std::string Outbox::complaint() const {
  std::lock_guard lock(mutex_);
  for (auto& s : sent_)
    if (s.completions && s.outcome.kind != Outcome::Kind::delivered) return s.outcome.reason;
  return {};
}

void Recorder::receive(DeliveryHandle delivery) noexcept {
  {
    std::lock_guard lock(mutex_);
    arrivals_.push_back({std::string(delivery->message.target), copy_of(delivery->message)});
    distinct_.insert(arrivals_.back().message.body);
    if (!action_) held_.push_back(std::move(delivery));
    arrived.add();  // before anybody can take what is held and look at the count
    changed_.notify_all();
  }
  if (delivery) action_(std::move(delivery));
}

void Recorder::accept_all() {
  on_delivery([](DeliveryHandle d) { settle(std::move(d), Settlement::accept); });
}

std::vector<Recorder::Arrival> Recorder::arrivals() const {
  std::lock_guard lock(mutex_);
  return arrivals_;
}

std::vector<std::string> Recorder::bodies() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  for (auto& a : arrivals_) all.push_back(a.message.body);
  return all;
}

std::set<std::string> Recorder::distinct() const {
  std::lock_guard lock(mutex_);
  return distinct_;
}

std::vector<DeliveryHandle> Recorder::take() {
  std::lock_guard lock(mutex_);
  return std::exchange(held_, {});
}

std::vector<DeliveryHandle> Recorder::await_held(size_t least, Duration patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [&] { return held_.size() >= least; });
  return std::exchange(held_, {});
}

bool Recorder::await_distinct(size_t least, Duration patience) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return distinct_.size() >= least; });
}

bool Recorder::await_all_of(const std::set<std::string>& bodies, Duration patience) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return std::ranges::includes(distinct_, bodies); });
}

Node::Node(Adapter& adapter, const Wish& wish, bool accept) : broker(adapter.make(wish)) {
  if (accept) recorder.accept_all();
  broker->start(recorder);
}

Node::Node(Adapter& adapter, const Wish& wish, Recorder::Action action) : broker(adapter.make(wish)) {
  recorder.on_delivery(std::move(action));
  broker->start(recorder);
}

Node::~Node() {
  broker->stop(10s);
  recorder.take();
}

bool Node::await_state(LinkStatus::State state, Duration patience) const {
  for (auto deadline = Clock::now() + patience; Clock::now() < deadline; std::this_thread::sleep_for(2ms)) {
    auto all = broker->status();
    if (!all.empty() && std::ranges::all_of(all, [&](auto& link) { return link.state == state; })) return true;
  }
  return false;
}

std::string Node::links() const {
  std::string text;
  for (auto& link : broker->status())
    text += link.link + ": " + std::string(to_string(link.state)) + " " + link.detail + "; ";
  return text;
}

void Conformance::SetUp() {
  log::init(log::Level::error, log::Format::text);
  adapter = make_adapter(GetParam());
  if (auto why = adapter->unusable(); !why.empty()) GTEST_SKIP() << why;
  capabilities_ = adapter->capabilities();
}

}  // namespace mombridge::conformance
