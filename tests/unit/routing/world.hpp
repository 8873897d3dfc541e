#pragma once
// A router between brokers and handlers that do as the test says: what became of a message is chosen, not waited for.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "base/counters.hpp"
#include "base/event_loop.hpp"
#include "broker/broker.hpp"
#include "handler/handler.hpp"
#include "loading.hpp"
#include "routing/router.hpp"

namespace mombridge::routing::test {

using config::test::kBrokers;
using config::test::load_text;

/// Waits for a condition that other threads bring about.
inline bool eventually(const std::function<bool()>& condition) {
  for (auto end = Clock::now() + 60s; Clock::now() < end; std::this_thread::sleep_for(1ms))
    if (condition()) return true;
  return condition();
}

inline uint64_t count(const std::string& name, const std::string& label = {}) { return counter(name, label).value(); }

/// What a broker was given, copied.
struct Sent {
  std::string exchange, target, body;
  std::optional<std::string> key, correlation_id, reply_to;
  std::string app_id;
  std::map<std::string, std::string> headers;  ///< that were added; values as text or bytes
  int32_t partition = -1;
  bool mandatory = true;
};

class FakeBroker final : public Broker {
 public:
  using Broker::Broker;
  void start(Sink&) override {}
  void stop_intake() override {}
  void stop(Duration) override {}
  [[nodiscard]] std::vector<LinkStatus> status() const override { return {}; }
  [[nodiscard]] std::vector<const EventLoop*> loops() const override { return {}; }

  /// The next outcomes; after them, and at first, everything is delivered.
  void answer(std::deque<Outcome> outcomes) { answers_ = std::move(outcomes); }
  /// From now on this outcome for all; without one, as at first.
  void always(std::optional<Outcome> outcome) {
    std::lock_guard lock(mutex_);
    always_ = std::move(outcome);
  }
  /// From now on nothing is answered before complete().
  void keep() { keeps_ = true; }

  void publish(Publication& p) noexcept override {
    Outcome outcome;
    {
      std::lock_guard lock(mutex_);
      sent_.push_back(copy(p));
      if (keeps_) return kept_.push_back(&p);
      if (always_) outcome = *always_;
      if (!answers_.empty()) {
        outcome = std::move(answers_.front());
        answers_.pop_front();
      }
    }
    p.completed(std::move(outcome));
  }

  /// Completes the oldest that was kept.
  void complete(Outcome outcome = {}) {
    Publication* p = nullptr;
    {
      std::lock_guard lock(mutex_);
      p = kept_.front();
      kept_.pop_front();
    }
    p->completed(std::move(outcome));
  }

  [[nodiscard]] std::vector<Sent> sent() const {
    std::lock_guard lock(mutex_);
    return sent_;
  }
  [[nodiscard]] size_t sent_count() const {
    std::lock_guard lock(mutex_);
    return sent_.size();
  }

 private:
  static Sent copy(const Publication& p) {
    auto& m = *p.message;
    auto text = [](const Message::Text& t) { return t ? std::optional(std::string(*t)) : std::nullopt; };
    Sent s{std::string(p.exchange),
           std::string(p.target),
           std::string(m.body),
           text(p.key),
           text(m.correlation_id),
           text(m.reply_to),
           std::string(m.app_id.value_or("")),
           {},
           p.partition,
           p.mandatory};
    for (auto& h : p.headers)
      s.headers[std::string(h.name)] =
          h.value.is_text() ? std::string(h.value.text) : scalar_text(h.value).value_or("");
    return s;
  }

  mutable std::mutex mutex_;
  std::vector<Sent> sent_;
  std::deque<Outcome> answers_;
  std::optional<Outcome> always_;
  std::deque<Publication*> kept_;
  std::atomic<bool> keeps_{false};
};

class FakeHandler final : public handler::Handler {
 public:
  using Verdict = handler::Verdict;
  static Verdict ok() { return {}; }
  static Verdict retry(std::string why) { return {Verdict::Kind::retry, std::move(why), nullptr}; }
  static Verdict reject(std::string why) { return {Verdict::Kind::reject, std::move(why), nullptr}; }
  /// A reply; `edit` may add to it.
  static Verdict reply(std::string_view body, const std::function<void(OwnedMessage&)>& edit = {}) {
    auto owned = std::make_unique<OwnedMessage>();
    owned->reserve(body.size());
    owned->message.body = owned->keep(body);
    if (edit) edit(*owned);
    return {Verdict::Kind::ok, {}, std::move(owned)};
  }

  std::function<Verdict(const handler::Call&)> behave = [](auto&) { return ok(); };
  bool keeps = false;
  std::atomic<unsigned> calls{0};
  std::vector<unsigned> attempts;
  handler::Call* kept = nullptr;

  void handle(handler::Call& call) noexcept override {
    attempts.push_back(call.attempt);
    ++calls;
    if (keeps)
      kept = &call;
    else
      call.finished(behave(call));
  }
};

class FakeDelivery final : public Delivery {
 public:
  explicit FakeDelivery(std::string target, std::string body = "body")
      : target_(std::move(target)), body_(std::move(body)) {
    message.target = target_;
    message.body = body_;
  }
  FakeDelivery& header(std::string_view name, Value value) {
    headers_.push_back({name, value});
    message.headers = headers_;
    return *this;
  }
  FakeDelivery& header(std::string_view name, std::string_view value) { return header(name, Value::of(value)); }

  void settle(Settlement settlement) noexcept override {
    settlement_ = settlement;
    ++settled_;
  }
  [[nodiscard]] int settled() const { return settled_; }
  [[nodiscard]] Settlement settlement() const { return settlement_; }

 private:
  std::string target_, body_;
  std::vector<Header> headers_;
  std::atomic<Settlement> settlement_{};
  std::atomic<int> settled_{0};
};

class World {
 public:
  explicit World(const std::string& yaml) : loaded_(load_text(yaml, false)) {
    EXPECT_THAT(loaded_.said, testing::IsEmpty());
    RouteTable::Brokers endpoints;
    for (auto& section : loaded_.config.brokers) {
      auto& broker = brokers_[section.name] = std::make_unique<FakeBroker>(section.name);
      endpoints[section.name] = {&section, broker.get()};
    }
    RouteTable::Handlers handlers;
    for (auto& h : loaded_.config.handlers) handlers[h.name] = &handlers_[h.name];
    config::Diagnostics diagnostics;
    router.use(RouteTable::compile(loaded_.config, std::move(endpoints), handlers, diagnostics));
    EXPECT_TRUE(diagnostics.ok());
    loop_.start();
  }
  ~World() {
    router.stop();
    loop_.stop();
  }

  FakeBroker& broker(const std::string& name) { return *brokers_.at(name); }
  FakeHandler& handler(const std::string& name) { return handlers_.at(name); }

  FakeDelivery& receive(const std::string& broker, std::unique_ptr<FakeDelivery> delivery) {
    deliveries_.push_back(std::move(delivery));
    auto& d = *deliveries_.back();
    router.port(broker).receive(DeliveryHandle(&d));
    return d;
  }
  FakeDelivery& receive(const std::string& broker, const std::string& target) {
    return receive(broker, std::make_unique<FakeDelivery>(target));
  }

 private:
  config::test::Loaded loaded_;
  EventLoop loop_{"timers"};

 public:
  Router router{loop_};

 private:
  std::map<std::string, std::unique_ptr<FakeBroker>> brokers_;
  std::map<std::string, FakeHandler> handlers_;
  std::deque<std::unique_ptr<FakeDelivery>> deliveries_;
};

/// Waits until it is settled, and says how.
inline testing::AssertionResult settled(const FakeDelivery& delivery, Settlement as) {
  if (!eventually([&] { return delivery.settled() > 0; })) return testing::AssertionFailure() << "not settled";
  if (delivery.settled() != 1) return testing::AssertionFailure() << "settled " << delivery.settled() << " times";
  if (delivery.settlement() != as)
    return testing::AssertionFailure() << "settled as " << static_cast<int>(delivery.settlement());
  return testing::AssertionSuccess();
}

}  // namespace mombridge::routing::test
