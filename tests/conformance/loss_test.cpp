// Connections break while messages are on their way, both ways. Some come twice; none is lost.

#include "harness.hpp"

namespace mombridge::conformance {
namespace {

class Loss : public Conformance {};
MOMBRIDGE_EVERY_KIND(Loss);

TEST_P(Loss, NoneThroughReconnects) {
  if (!can().can_cut) GTEST_SKIP() << "its connections cannot be cut from here";
  constexpr int kCount = 5000, kCuts = 5;
  auto target = adapter->new_target();
  Node node(*adapter, {.target = target, .prefetch = 100, .cuttable = true}, true);
  ASSERT_UP(node);
  for (int i = 0; i < kCuts; ++i) {
    outbox.publish_numbers(*node.broker, target, i * kCount / kCuts, (i + 1) * kCount / kCuts);
    // In the middle of this lot: some of it has arrived, most has not.
    ASSERT_TRUE(node.recorder.await_distinct(static_cast<size_t>(i * kCount / kCuts + 50)));
    adapter->cut();
  }
  ASSERT_ALL_DELIVERED(outbox);
  EXPECT_TRUE(node.recorder.await_distinct(kCount)) << "lost " << kCount - node.recorder.distinct().size();
  EXPECT_TRUE(node.await_state(LinkStatus::State::up)) << node.links();
}

// Deliveries that were in flight over the broken connection are settled late: that must do no harm, least of all close
// the next connection for an unknown delivery tag.
TEST_P(Loss, LateSettlementsOfABrokenConnectionAreDropped) {
  if (!can().can_cut) GTEST_SKIP() << "its connections cannot be cut from here";
  constexpr size_t kCount = 100;
  auto target = adapter->new_target();
  Node node(*adapter, {.target = target, .prefetch = kCount, .cuttable = true});
  ASSERT_UP(node);
  outbox.publish_numbers(*node.broker, target, 0, kCount);
  ASSERT_ALL_DELIVERED(outbox);
  auto old = node.recorder.await_held(kCount);
  ASSERT_EQ(old.size(), kCount);
  adapter->cut();
  auto again = node.recorder.await_held(kCount);
  ASSERT_EQ(again.size(), kCount) << "what was unsettled comes over the next connection";
  for (auto& d : old) settle(std::move(d), Settlement::accept);
  for (auto& d : again) settle(std::move(d), Settlement::accept);
  outbox.publish(*node.broker, target, "after");
  auto after = node.recorder.await_held(1);
  ASSERT_EQ(after.size(), 1u);
  EXPECT_EQ(after[0]->message.body, "after");
  settle(std::move(after[0]), Settlement::accept);
  EXPECT_EQ(node.recorder.arrived.value(), 2 * kCount + 1);
}

}  // namespace
}  // namespace mombridge::conformance
