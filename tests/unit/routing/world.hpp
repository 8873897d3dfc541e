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

#include "base/event_loop.hpp"
#include "compiling.hpp"
#include "doubles/fake_broker.hpp"
#include "handler/handler.hpp"
#include "loading.hpp"
#include "routing/router.hpp"

namespace mombridge::routing::test {

using config::test::kBrokers;
using config::test::load_text;

using mombridge::test::count;
using mombridge::test::eventually;
using mombridge::test::FakeBroker;

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
  void held(bool yes) noexcept override { held_ += yes ? 1 : -1; }
  [[nodiscard]] int held() const { return held_; }
  [[nodiscard]] int settled() const { return settled_; }
  [[nodiscard]] Settlement settlement() const { return settlement_; }

 private:
  std::string target_, body_;
  std::vector<Header> headers_;
  std::atomic<Settlement> settlement_{};
  std::atomic<int> settled_{0}, held_{0};
};

class World {
 public:
  explicit World(const std::string& yaml) : loaded_(load_text(yaml, false)) {
    EXPECT_THAT(loaded_.said, testing::IsEmpty());
    RouteTable::Brokers brokers;
    for (auto& section : loaded_.config.brokers) {
      auto& broker = brokers_[section.name] = std::make_unique<FakeBroker>(section.name);
      brokers[section.name] = broker.get();
    }
    RouteTable::Handlers handlers;
    for (auto& h : loaded_.config.handlers) handlers[h.name] = &handlers_[h.name];
    config::Diagnostics diagnostics;
    router.use(compile(loaded_.config, diagnostics, brokers, handlers));
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
    router.ingress(broker).receive(DeliveryHandle(&d));
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
