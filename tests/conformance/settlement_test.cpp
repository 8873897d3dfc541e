// What becomes of a delivery, by how it is settled.

#include <algorithm>
#include <map>
#include <random>

#include "harness.hpp"

namespace mombridge::conformance {
namespace {

class Settling : public Conformance {
 protected:
  // The next broker on the target must begin with what is published to it now.
  void expect_nothing_left(const std::string& target) {
    if (!can().keeps) return;
    Node node(*adapter, {.target = target}, true);
    ASSERT_UP(node);
    outbox.publish(*node.broker, target, "marker");
    ASSERT_TRUE(node.recorder.arrived.await(1));
    EXPECT_EQ(node.recorder.bodies().front(), "marker");
  }
};
MOMBRIDGE_EVERY_KIND(Settling);

TEST_P(Settling, UnsettledDeliveriesAreBounded) {
  constexpr size_t kBound = 10, kCount = 200;
  auto target = adapter->new_target();
  Node node(*adapter, {.target = target, .prefetch = kBound});
  ASSERT_UP(node);
  outbox.publish_numbers(*node.broker, target, 0, kCount);
  auto held = node.recorder.await_held(kBound);
  ASSERT_EQ(held.size(), kBound);
  EXPECT_FALSE(node.recorder.arrived.await(kBound + 1, kQuiet)) << "more than the bound";
  size_t settled = 0;
  while (settled < kCount) {
    for (auto& d : held) settle(std::move(d), Settlement::accept), ++settled;
    EXPECT_LE(node.recorder.arrived.value(), settled + kBound);
    if (settled < kCount) held = node.recorder.await_held(1);
    ASSERT_TRUE(settled == kCount || !held.empty()) << "stuck after " << settled;
  }
  EXPECT_EQ(node.recorder.distinct().size(), kCount);
  ASSERT_ALL_DELIVERED(outbox);
}

TEST_P(Settling, InAnyOrder) {
  constexpr int kCount = 500;
  auto target = adapter->new_target();
  {
    Node node(*adapter, {.target = target});
    ASSERT_UP(node);
    outbox.publish_numbers(*node.broker, target, 0, kCount);
    auto held = node.recorder.await_held(kCount);
    ASSERT_EQ(held.size(), static_cast<size_t>(kCount));
    std::shuffle(held.begin(), held.end(), std::mt19937(4711));
    for (auto& d : held) settle(std::move(d), Settlement::accept);
    ASSERT_ALL_DELIVERED(outbox);
    node.broker->stop_intake();
  }
  expect_nothing_left(target);
}

TEST_P(Settling, RequeuedComesAgain) {
  auto target = adapter->new_target();
  Node node(*adapter, {.target = target});
  ASSERT_UP(node);
  outbox.publish(*node.broker, target, "again");
  for (int i = 0; i < 3; ++i) {
    auto held = node.recorder.await_held(1);
    ASSERT_EQ(held.size(), 1u) << "at delivery " << i;
    EXPECT_EQ(held[0]->message.body, "again");
    settle(std::move(held[0]), i < 2 ? Settlement::requeue : Settlement::accept);
  }
  ASSERT_ALL_DELIVERED(outbox);
  EXPECT_FALSE(node.recorder.arrived.await(4, kQuiet)) << "it came again after it was accepted";
}

TEST_P(Settling, DroppedComesAgain) {
  auto target = adapter->new_target();
  Node node(*adapter, {.target = target});
  ASSERT_UP(node);
  outbox.publish(*node.broker, target, "dropped");
  ASSERT_EQ(node.recorder.await_held(1).size(), 1u);  // and the handles are gone
  auto held = node.recorder.await_held(1);
  ASSERT_EQ(held.size(), 1u);
  EXPECT_EQ(held[0]->message.body, "dropped");
  settle(std::move(held[0]), Settlement::accept);
  ASSERT_ALL_DELIVERED(outbox);
}

TEST_P(Settling, EachOfManyRequeuedOnceComesAgain) {
  constexpr int kCount = 200;
  auto target = adapter->new_target();
  {
    std::mutex mutex;
    std::map<std::string, int> tries;
    std::set<std::string> done;
    Node node(*adapter, {.target = target, .prefetch = 50}, [&](DeliveryHandle d) {
      std::string body(d->message.body);
      std::lock_guard lock(mutex);
      bool accept = ++tries[body] > 1;
      if (accept) done.insert(body);
      settle(std::move(d), accept ? Settlement::accept : Settlement::requeue);
    });
    ASSERT_UP(node);
    outbox.publish_numbers(*node.broker, target, 0, kCount);
    ASSERT_ALL_DELIVERED(outbox);
    ASSERT_TRUE(node.recorder.arrived.await(2 * kCount)) << node.recorder.arrived.value();
    node.stop();
    std::lock_guard lock(mutex);
    EXPECT_EQ(done.size(), static_cast<size_t>(kCount));
  }
  expect_nothing_left(target);
}

TEST_P(Settling, RejectedDoesNotComeAgain) {
  auto target = adapter->new_target();
  {
    Node node(*adapter, {.target = target});
    ASSERT_UP(node);
    auto& sent = outbox.publish(*node.broker, target, "rejected");
    auto held = node.recorder.await_held(1);
    ASSERT_EQ(held.size(), 1u);
    settle(std::move(held[0]), Settlement::reject);
    ASSERT_TRUE(outbox.await_all());
    EXPECT_EQ(sent.outcome.kind, can().reject_refuses ? Outcome::Kind::refused : Outcome::Kind::delivered);
    EXPECT_FALSE(node.recorder.arrived.await(2, kQuiet));
  }
  expect_nothing_left(target);
}

TEST_P(Settling, NothingArrivesAfterStopIntakeAndSettlingStillCounts) {
  constexpr size_t kCount = 500, kBound = 50;
  auto target = adapter->new_target();
  std::set<std::string> first;
  {
    Node node(*adapter, {.target = target, .prefetch = kBound});
    ASSERT_UP(node);
    outbox.publish_numbers(*node.broker, target, 0, kCount);
    auto held = node.recorder.await_held(kBound);
    ASSERT_EQ(held.size(), kBound);
    node.broker->stop_intake();
    auto arrived = node.recorder.arrived.value();
    first = node.recorder.distinct();
    for (auto& d : held) settle(std::move(d), Settlement::accept);  // makes room, which must stay empty
    EXPECT_FALSE(node.recorder.arrived.await(arrived + 1, kQuiet));
    node.stop();
    EXPECT_EQ(node.recorder.arrived.value(), arrived);
    node.recorder.take();
  }
  ASSERT_TRUE(outbox.await_all(5s));
  EXPECT_EQ(outbox.wrongly_completed(), 0u);
  if (!can().keeps) {
    EXPECT_EQ(outbox.with(Outcome::Kind::delivered), first.size());
    EXPECT_EQ(outbox.with(Outcome::Kind::away), kCount - first.size());
    return;
  }
  EXPECT_EQ(first.size(), kBound);
  Node node(*adapter, {.target = target}, true);
  ASSERT_TRUE(node.recorder.await_distinct(kCount - first.size())) << node.recorder.distinct().size();
  for (auto& body : node.recorder.distinct()) EXPECT_FALSE(first.contains(body)) << body << " was accepted before";
}

}  // namespace
}  // namespace mombridge::conformance
