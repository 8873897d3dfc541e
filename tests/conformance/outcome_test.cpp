// What a publisher is told.

#include "harness.hpp"

namespace mombridge::conformance {
namespace {

class Outcomes : public Conformance {};
MOMBRIDGE_EVERY_KIND(Outcomes);

TEST_P(Outcomes, DeliveredWhenTheReceiverAccepted) {
  auto target = adapter->new_target();
  Node node(*adapter, {.target = target});
  ASSERT_UP(node);
  auto& sent = outbox.publish(*node.broker, target, "hello world");
  auto held = node.recorder.await_held(1);
  ASSERT_EQ(held.size(), 1u);
  EXPECT_EQ(held[0]->message.body, "hello world");
  EXPECT_EQ(held[0]->subscription, 0u);
  settle(std::move(held[0]), Settlement::accept);
  ASSERT_TRUE(outbox.await_all());
  EXPECT_EQ(sent.outcome.kind, Outcome::Kind::delivered) << sent.outcome.reason;
  EXPECT_EQ(sent.outcome.reason, "");
  EXPECT_EQ(outbox.wrongly_completed(), 0u);
}

// What was published before the broker was up must have waited, not been lost or refused.
TEST_P(Outcomes, DeliveredWhenPublishedBeforeTheBrokerIsUp) {
  auto target = adapter->new_target();
  {
    Node maker(*adapter, {.target = target});
    ASSERT_UP(maker);
  }
  Node node(*adapter, {.target = target}, true);
  outbox.publish_numbers(*node.broker, target, 0, 100);
  ASSERT_ALL_DELIVERED(outbox);
  EXPECT_TRUE(node.recorder.await_distinct(100));
}

TEST_P(Outcomes, RefusedWithAReasonWhenNothingTakesTheTarget) {
  auto target = adapter->new_target();
  Node node(*adapter, {.target = target}, true);
  ASSERT_UP(node);
  auto& refused = outbox.publish(*node.broker, adapter->missing_target(), "nowhere");
  auto& delivered = outbox.publish(*node.broker, target, "somewhere");
  ASSERT_TRUE(outbox.await_all());
  EXPECT_EQ(refused.outcome.kind, Outcome::Kind::refused) << refused.outcome.reason;
  EXPECT_FALSE(refused.outcome.reason.empty());
  EXPECT_EQ(delivered.outcome.kind, Outcome::Kind::delivered)
      << "one refusal must not hurt the next: " << delivered.outcome.reason;
  EXPECT_EQ(outbox.wrongly_completed(), 0u);
}

TEST_P(Outcomes, RefusedWhenTooLarge) {
  if (!can().limits_body) GTEST_SKIP() << "no limit to be had";
  auto target = adapter->new_target();
  Node node(*adapter, {.target = target, .small_limit = true}, true);
  ASSERT_UP(node);
  outbox.publish(*node.broker, target, "before");
  auto& large = outbox.publish(*node.broker, target, std::string(100'000, 'x'));
  outbox.publish(*node.broker, target, "after");
  ASSERT_TRUE(outbox.await_all());
  EXPECT_EQ(large.outcome.kind, Outcome::Kind::refused) << large.outcome.reason;
  EXPECT_FALSE(large.outcome.reason.empty());
  EXPECT_EQ(outbox.with(Outcome::Kind::delivered), 2u);
  ASSERT_TRUE(node.recorder.await_distinct(2));
  EXPECT_EQ(node.recorder.distinct(), (std::set<std::string>{"after", "before"}));
}

}  // namespace
}  // namespace mombridge::conformance
