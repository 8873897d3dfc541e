// At least once, across restarts: what was not settled comes again, what was settled does not.

#include <random>

#include "harness.hpp"

namespace mombridge::conformance {
namespace {

class Restart : public Conformance {
 protected:
  void SetUp() override {
    Conformance::SetUp();
    if (!IsSkipped() && !can().keeps) GTEST_SKIP() << "nothing outlives a stop";
  }
  void publish(Node& node, const std::string& target, int count) {
    outbox.publish_numbers(*node.broker, target, 0, count);
    ASSERT_ALL_DELIVERED(outbox);
  }
};
MOMBRIDGE_EVERY_KIND(Restart);

TEST_P(Restart, TheUnsettledComesAgain) {
  constexpr int kCount = 100;
  auto target = adapter->new_target();
  {
    Node node(*adapter, {.target = target});
    ASSERT_UP(node);
    publish(node, target, kCount);
    ASSERT_TRUE(node.recorder.arrived.await(kCount));
    node.stop();
  }
  Node node(*adapter, {.target = target}, true);
  EXPECT_TRUE(node.recorder.await_distinct(kCount)) << node.recorder.distinct().size();
}

TEST_P(Restart, TheSettledDoesNotComeAgain) {
  constexpr int kCount = 1000;
  auto target = adapter->new_target();
  {
    Node node(*adapter, {.target = target}, true);
    ASSERT_UP(node);
    publish(node, target, kCount);
    ASSERT_TRUE(node.recorder.arrived.await(kCount));
    node.broker->stop_intake();
    node.stop();
  }
  Node node(*adapter, {.target = target}, true);
  ASSERT_UP(node);
  outbox.publish(*node.broker, target, "marker");
  ASSERT_TRUE(node.recorder.arrived.await(1));
  EXPECT_EQ(node.recorder.bodies().front(), "marker");
}

TEST_P(Restart, OfAHalfSettledLotTheRestComesAgain) {
  constexpr int kCount = 200;
  auto target = adapter->new_target(2);
  std::set<std::string> unsettled;
  {
    Node node(*adapter, {.target = target});
    ASSERT_UP(node);
    publish(node, target, kCount);
    auto held = node.recorder.await_held(kCount);
    ASSERT_EQ(held.size(), static_cast<size_t>(kCount));
    std::mt19937 random(4711);
    for (auto& d : held)
      if (random() % 2)
        settle(std::move(d), Settlement::accept);
      else
        unsettled.insert(std::string(d->message.body));
    node.stop();
    // The handles are dropped only now: a settlement after stop() must be harmless.
  }
  Node node(*adapter, {.target = target}, true);
  EXPECT_TRUE(node.recorder.await_all_of(unsettled)) << node.recorder.distinct().size() << " arrived";
}

// What is accepted while the broker stops may come again; what was never seen must.
TEST_P(Restart, ManyRestartsInTheMiddleOfItLoseNothing) {
  constexpr int kCount = 3000, kRestarts = 5;
  auto target = adapter->new_target(2);
  std::set<std::string> missing;
  {
    Node publisher(*adapter, {.target = target, .prefetch = 1});
    ASSERT_UP(publisher);
    publish(publisher, target, kCount);
  }
  for (int i = 0; i < kCount; ++i) missing.insert(std::to_string(i));
  for (int i = 0; i < kRestarts; ++i) {
    Node node(*adapter, {.target = target, .prefetch = 20}, true);
    ASSERT_TRUE(node.recorder.arrived.await(1));
    node.stop();
    for (auto& body : node.recorder.distinct()) missing.erase(body);
  }
  Node node(*adapter, {.target = target}, true);
  EXPECT_TRUE(node.recorder.await_all_of(missing))
      << "of " << missing.size() << " only " << node.recorder.distinct().size();
}

}  // namespace
}  // namespace mombridge::conformance
