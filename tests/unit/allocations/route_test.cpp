// From a source through the router to a destination, in steady state: no memory is asked for.

#include <atomic>
#include <semaphore>

#include "broker/memory/broker.hpp"
#include "compiling.hpp"
#include "counting.hpp"
#include "loading.hpp"
#include "routing/router.hpp"

namespace mombridge {
namespace {

using routing::Router;
using routing::RouteTable;

/// Takes what comes out at the end of the route.
class End final : public Sink {
 public:
  void receive(DeliveryHandle delivery) noexcept override { settle(std::move(delivery), Settlement::accept); }
};

/// What goes in at its beginning.
class Beginning final : public Publication {
 public:
  explicit Beginning(std::counting_semaphore<>& done) : done_(done) {
    content_.body = "body";
    content_.headers = headers_;
    content_.message_id = "message-17-of-a-long-name";
    message = &content_;
    target = "orders.new";
  }
  void completed(Outcome outcome) noexcept override {
    EXPECT_EQ(outcome.kind, Outcome::Kind::delivered) << outcome.reason;
    done_.release();
  }

 private:
  std::counting_semaphore<>& done_;
  std::vector<Header> headers_{{"tenant", Value::of(std::string_view("a tenant with a long name"))}};
  Message content_;
};

class Route : public testing::TestWithParam<std::string> {
 protected:
  static constexpr int kAtOnce = 64, kRounds = 50;

  Route()
      : loaded_(config::test::load_text("brokers: {a: {type: memory}, b: {type: memory}}\nroutes:\n" + GetParam())) {
    EXPECT_THAT(loaded_.said, testing::IsEmpty());
    RouteTable::Brokers brokers;
    for (auto& section : loaded_.config.brokers) {
      auto& broker = section.name == "a" ? a_ : b_;
      broker = memory::create(section);
      brokers[section.name] = broker.get();
    }
    config::Diagnostics diagnostics;
    router_.use(routing::test::compile(loaded_.config, diagnostics, brokers));
    EXPECT_TRUE(diagnostics.ok());
    Histogram::want(true);  // the most that is ever done for a message
    timers_.start();
    b_->start(end_);
    a_->start(router_.ingress("a"));
    for (int i = 0; i < kAtOnce; ++i) messages_.push_back(std::make_unique<Beginning>(done_));
  }
  ~Route() override {
    a_->stop(1s);
    router_.stop();
    b_->stop(1s);
    timers_.stop();
  }

  void send(int at_once, int rounds) {
    for (int r = 0; r < rounds; ++r) {
      for (int i = 0; i < at_once; ++i) a_->publish(*messages_[static_cast<size_t>(i)]);
      for (int i = 0; i < at_once; ++i) ASSERT_TRUE(done_.try_acquire_for(60s));
    }
  }

 private:
  config::test::Loaded loaded_;
  End end_;
  EventLoop timers_{"timers"};
  Router router_{timers_};
  std::unique_ptr<Broker> a_, b_;
  std::counting_semaphore<> done_{0};
  std::vector<std::unique_ptr<Beginning>> messages_;
};

TEST_P(Route, AllocatesNothingForAMessage) {
  for (int at_once : {kAtOnce, 1}) {
    // What is kept for later grows until as many messages have been on their way as ever will be: so the least counts.
    uint64_t least = UINT64_MAX;
    for (int measure = 0; measure < 10 && least > 0; ++measure) {
      auto before = test::allocations();
      send(at_once, kRounds);
      least = std::min(least, test::allocations() - before);
    }
    EXPECT_EQ(least, 0u) << at_once << " at once";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Routes, Route,
    testing::Values("- {from: {broker: a, target: orders.new}, to: {broker: b, target: out}}\n",
                    "- {from: {broker: a, target: 'orders.#'}, to: {broker: b, target: '{target}'}}\n",
                    "- {from: {broker: a, target: '#'}, to: {broker: b, target: 'out.{header.tenant}.and.more'}}\n",
                    "- {from: {broker: a, headers: {tenant: 'a tenant*', none: null}}, to: {broker: b, target: "
                    "'out.{header.none:-of a default that is long}'}}\n",
                    "- {from: {broker: a}, to: [{broker: b, target: one}, {broker: b, target: two}]}\n"));

}  // namespace
}  // namespace mombridge
