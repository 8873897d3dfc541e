// What only the memory broker does; the rest is in tests/conformance.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <vector>

#include <gtest/gtest.h>

#include "broker/memory/broker.hpp"
#include "broker/memory/settings.hpp"

namespace mombridge::memory {
namespace {

struct Probe final : Publication {
  explicit Probe(std::string to) : to_(std::move(to)) {
    message = &content;
    target = to_;
  }
  void completed(Outcome o) noexcept override {
    std::lock_guard lock(mutex_);
    outcome = std::move(o);
    ++completions_;
    changed_.notify_all();
  }
  void held(bool yes) noexcept override { balance += yes ? 1 : -1; }
  [[nodiscard]] bool await() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 30s, [&] { return completions_ > 0; });
  }
  [[nodiscard]] int completions() {
    std::lock_guard lock(mutex_);
    return completions_;
  }

  Message content;
  Outcome outcome;
  std::atomic<int> balance = 0;  ///< of held()

 private:
  std::string to_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int completions_ = 0;
};

class MemoryBrokerTest : public testing::Test, public Sink {
 protected:
  void subscribe(const std::vector<std::string>& queues) {
    for (auto& queue : queues)
      settings->subscriptions.push_back({.source = queue, .targets = {queue}, .target_from = {}, .mark = {}});
  }
  void make(const std::vector<std::string>& queues, uint32_t prefetch = 1000) {
    subscribe(queues);
    settings->prefetch_count = prefetch;
    broker = create({.name = "local", .type = "memory", .mark = {}, .settings = settings});
    broker->start(*this);
  }
  void receive(DeliveryHandle d) noexcept override {
    if (on_delivery) return on_delivery(std::move(d));
    std::lock_guard lock(mutex);
    held.push_back(std::move(d));
    changed.notify_all();
  }
  std::vector<DeliveryHandle> await_held(size_t count) {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, 30s, [&] { return held.size() >= count; });
    EXPECT_EQ(held.size(), count);
    return std::exchange(held, {});
  }

  std::shared_ptr<Settings> settings = std::make_shared<Settings>();
  std::function<void(DeliveryHandle)> on_delivery;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<DeliveryHandle> held;
  std::unique_ptr<Broker> broker;
};

TEST_F(MemoryBrokerTest, WithoutSubscriptionsTakesEverythingAsOne) {
  make({});
  Probe a("any.target"), b("");
  broker->publish(a);
  broker->publish(b);
  for (auto& d : await_held(2)) {
    EXPECT_EQ(d->subscription, 0u);
    settle(std::move(d), Settlement::accept);
  }
  EXPECT_TRUE(a.await() && b.await());
  EXPECT_EQ(broker->status().size(), 1u);
}

TEST_F(MemoryBrokerTest, ViewsThePublicationsBytes) {
  make({"#"});
  Probe probe("t");
  std::string body(1000, 'x');
  probe.content.body = body;
  broker->publish(probe);
  auto all = await_held(1);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(static_cast<const void*>(all[0]->message.body.data()), body.data());
  settle(std::move(all[0]), Settlement::accept);
  EXPECT_TRUE(probe.await());
}

TEST_F(MemoryBrokerTest, EachMatchingSubscriptionHasItsOwnDeliveryAndAllMustSettle) {
  make({"order.*", "order.new", "other", "#"});
  Probe probe("order.new");
  broker->publish(probe);
  auto all = await_held(3);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0]->subscription, 0u);
  EXPECT_EQ(all[1]->subscription, 1u);
  EXPECT_EQ(all[2]->subscription, 3u);
  settle(std::move(all[2]), Settlement::accept);
  settle(std::move(all[0]), Settlement::accept);
  // A second publication is served after those settlements, so they have had their effect by then.
  Probe later("other");
  broker->publish(later);
  for (auto& d : await_held(2)) settle(std::move(d), Settlement::accept);
  EXPECT_TRUE(later.await());
  EXPECT_EQ(probe.completions(), 0);
  settle(std::move(all[1]), Settlement::accept);
  EXPECT_TRUE(probe.await());
  EXPECT_EQ(probe.outcome.kind, Outcome::Kind::delivered);
}

TEST_F(MemoryBrokerTest, APublicationIsHeldWithItsOneDelivery) {
  make({"one", "*"});
  Probe one("other"), several("one");
  broker->publish(one);
  auto all = await_held(1);
  all[0]->held(true);
  EXPECT_EQ(one.balance, 1);
  all[0]->held(false);
  EXPECT_EQ(one.balance, 0);
  settle(std::move(all[0]), Settlement::accept);
  broker->publish(several);
  all = await_held(2);
  all[0]->held(true);
  EXPECT_EQ(several.balance, 0) << "the other may still be done";
  all[0]->held(false);
  for (auto& d : all) settle(std::move(d), Settlement::accept);
  EXPECT_TRUE(one.await() && several.await());
}

TEST_F(MemoryBrokerTest, OneRejectedOfSeveralRefuses) {
  make({"a", "#"});
  Probe probe("a");
  broker->publish(probe);
  auto all = await_held(2);
  settle(std::move(all[0]), Settlement::reject);
  settle(std::move(all[1]), Settlement::accept);
  EXPECT_TRUE(probe.await());
  EXPECT_EQ(probe.outcome.kind, Outcome::Kind::refused);
  EXPECT_EQ(probe.outcome.reason, "rejected");
}

TEST_F(MemoryBrokerTest, NamesTheTargetThatNobodyTakes) {
  make({"a.*"});
  Probe probe("b.c");
  broker->publish(probe);
  EXPECT_TRUE(probe.await());
  EXPECT_EQ(probe.outcome.kind, Outcome::Kind::refused);
  EXPECT_EQ(probe.outcome.reason, "no subscription takes target 'b.c'");
}

TEST_F(MemoryBrokerTest, TakesTheTargetFromAHeaderWhereTheSubscriptionSaysSo) {
  subscribe({"events"});
  settings->subscriptions[0].target_from = "kind";
  make({});
  std::vector<Header> headers{{"kind", Value::of("order.new")}};
  Probe with("events"), without("events");
  with.content.headers = headers;
  broker->publish(with);
  broker->publish(without);
  auto all = await_held(2);
  EXPECT_EQ(all[0]->message.target, "order.new");
  EXPECT_EQ(all[1]->message.target, "events");
  for (auto& d : all) settle(std::move(d), Settlement::accept);
  EXPECT_TRUE(with.await() && without.await());
}

TEST_F(MemoryBrokerTest, OnlyWhatComesAgainIsMarkedSo) {
  make({"#"});
  Probe probe("t");
  broker->publish(probe);
  auto all = await_held(1);
  EXPECT_FALSE(all[0]->message.redelivered);
  all.clear();
  all = await_held(1);
  EXPECT_TRUE(all[0]->message.redelivered);
  settle(std::move(all[0]), Settlement::accept);
  EXPECT_TRUE(probe.await());
}

// Each stage holds its delivery until the next stage's is settled. A bound over all targets would be filled by the
// first stage, which then waits for the second for ever.
TEST_F(MemoryBrokerTest, AChainThroughOneSubscriptionDoesNotWaitForItself) {
  constexpr size_t kCount = 20;
  struct Stage final : Publication {
    DeliveryHandle from;
    void completed(Outcome) noexcept override { settle(std::move(from), Settlement::accept); }
  };
  std::deque<Stage> stages;
  on_delivery = [&](DeliveryHandle d) {  // on the broker's thread only
    if (d->message.target == "third") return settle(std::move(d), Settlement::accept);
    Stage& next = stages.emplace_back();
    next.message = &d->message;
    next.target = d->message.target == "first" ? "second" : "third";
    next.from = std::move(d);
    broker->publish(next);
  };
  make({"#"}, 2);
  std::deque<Probe> probes;
  for (size_t i = 0; i < kCount; ++i) broker->publish(probes.emplace_back("first"));
  for (auto& probe : probes) ASSERT_TRUE(probe.await());
  broker->stop(1s);
}

TEST_F(MemoryBrokerTest, ManyTargetsAreServedAndForgotten) {
  on_delivery = [](DeliveryHandle d) { settle(std::move(d), Settlement::accept); };
  make({"t.#"});
  std::deque<Probe> probes;
  for (int i = 0; i < 5000; ++i) broker->publish(probes.emplace_back((i % 7 ? "t." : "nobody.") + std::to_string(i)));
  int delivered = 0;
  for (auto& probe : probes) {
    ASSERT_TRUE(probe.await());
    delivered += probe.outcome.kind == Outcome::Kind::delivered;
  }
  EXPECT_EQ(delivered, 5000 - 715);
  broker->stop(1s);
}

TEST_F(MemoryBrokerTest, IntakeStoppedFromWithinADeliveryHoldsBackTheOthersOfItsPublication) {
  std::promise<void> received;  // a second delivery would satisfy it twice and end the program
  on_delivery = [&](DeliveryHandle d) {
    broker->stop_intake();
    settle(std::move(d), Settlement::accept);
    received.set_value();
  };
  make({"a", "#", "*"});
  Probe probe("a");
  broker->publish(probe);
  ASSERT_EQ(received.get_future().wait_for(30s), std::future_status::ready);
  broker->stop(1s);
  EXPECT_EQ(probe.completions(), 1);
  EXPECT_EQ(probe.outcome.kind, Outcome::Kind::away);
}

// The bytes that a holder reads are the publication's: it must not be told that it is done while they are read.
TEST_F(MemoryBrokerTest, WhatIsHeldOverStopCompletesWhenItIsSettled) {
  make({"#"}, 3);
  std::deque<Probe> probes;
  for (int i = 0; i < 4; ++i) broker->publish(probes.emplace_back("t"));
  auto all = await_held(3);
  broker->stop(1s);
  EXPECT_EQ(probes[3].completions(), 1) << "it was in nobody's hands";
  EXPECT_EQ(probes[3].outcome.kind, Outcome::Kind::away);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(probes[i].completions(), 0);
  settle(std::move(all[0]), Settlement::accept);
  settle(std::move(all[1]), Settlement::reject);
  all[2].reset();
  constexpr Outcome::Kind kExpected[] = {Outcome::Kind::delivered, Outcome::Kind::refused, Outcome::Kind::away};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(probes[i].completions(), 1);
    EXPECT_EQ(probes[i].outcome.kind, kExpected[i]) << i;
  }
}

TEST_F(MemoryBrokerTest, WhatWaitsForItsNextTryIsAwayAtStop) {
  make({"#"});
  Probe probe("t");
  broker->publish(probe);
  auto all = await_held(1);
  broker->stop_intake();
  settle(std::move(all[0]), Settlement::requeue);
  broker->stop(1s);
  EXPECT_EQ(probe.completions(), 1);
  EXPECT_EQ(probe.outcome.kind, Outcome::Kind::away);
}

TEST_F(MemoryBrokerTest, WhatIsPublishedBeforeStartWaits) {
  subscribe({"#"});
  broker = create({.name = "local", .type = "memory", .mark = {}, .settings = settings});
  Probe probe("t");
  broker->publish(probe);
  EXPECT_EQ(broker->status()[0].state, LinkStatus::State::connecting);
  broker->start(*this);
  for (auto& d : await_held(1)) settle(std::move(d), Settlement::accept);
  EXPECT_TRUE(probe.await());
  EXPECT_EQ(probe.outcome.kind, Outcome::Kind::delivered);
}

}  // namespace
}  // namespace mombridge::memory
