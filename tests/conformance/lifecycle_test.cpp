// Opening and closing: with nothing to do, with nobody there, with work waiting.

#include <algorithm>

#include "harness.hpp"

namespace mombridge::conformance {
namespace {

class Lifecycle : public Conformance {};
MOMBRIDGE_EVERY_KIND(Lifecycle);

TEST_P(Lifecycle, OpensAndClosesWithNothing) {
  Node node(*adapter, {.target = adapter->new_target()});
  ASSERT_UP(node);
  EXPECT_FALSE(node.broker->loops().empty());
  auto before = Clock::now();
  node.broker->stop_intake();
  node.stop();
  EXPECT_LT(Clock::now() - before, 10s);
  EXPECT_TRUE(node.await_state(LinkStatus::State::stopped)) << node.links();
  EXPECT_EQ(node.recorder.arrived.value(), 0u);
}

// Whether its destination is away is asked of the link that publishes, whatever that is called.
TEST_P(Lifecycle, ItsLinksSayWhichOfThemPublishes) {
  Node node(*adapter, {.target = adapter->new_target()});
  ASSERT_UP(node);
  auto links = node.broker->status();
  auto publishers = std::ranges::count(links, LinkStatus::Role::publisher, &LinkStatus::role);
  EXPECT_EQ(publishers, can().remote ? 1 : 0) << node.links();
  EXPECT_EQ(std::ssize(links), publishers + 1) << "and one for its subscription";
}

TEST_P(Lifecycle, StopsWithoutStopIntakeAndTwice) {
  Node node(*adapter, {.target = adapter->new_target()});
  ASSERT_UP(node);
  node.stop();
  node.stop();
}

TEST_P(Lifecycle, CanBeStoppedBeforeItIsUp) {
  auto target = adapter->new_target();
  for (int i = 0; i < 5; ++i) {
    Node node(*adapter, {.target = target});
    auto before = Clock::now();
    node.stop();
    EXPECT_LT(Clock::now() - before, 15s);
  }
}

TEST_P(Lifecycle, CanBeDestroyedUnstarted) {
  auto broker = adapter->make({.target = adapter->new_target()});
  EXPECT_FALSE(broker->name().empty());
  broker.reset();
}

TEST_P(Lifecycle, AnUnreachableBrokerKeepsPublicationsAndStopsQuickly) {
  if (!can().remote) GTEST_SKIP() << "it cannot be away";
  auto before = Clock::now();
  Node node(*adapter, {.target = adapter->new_target(), .reachable = false});
  EXPECT_LT(Clock::now() - before, 1s) << "start() must not wait for the broker";
  outbox.publish_numbers(*node.broker, "anywhere", 0, 100);
  ASSERT_TRUE(node.await_state(LinkStatus::State::failing)) << node.links();
  for (auto& link : node.broker->status()) EXPECT_FALSE(link.detail.empty()) << link.link << " does not say why";
  EXPECT_EQ(outbox.completed.value(), 0u) << "being away is a wait: " << outbox.complaint();
  before = Clock::now();
  node.stop(2s);
  EXPECT_LT(Clock::now() - before, 7s);
  EXPECT_EQ(outbox.with(Outcome::Kind::away), 100u);
  EXPECT_EQ(outbox.wrongly_completed(), 0u);
}

TEST_P(Lifecycle, StopCompletesWhatWaitsJustOnce) {
  auto target = adapter->new_target();
  Node node(*adapter, {.target = target, .prefetch = 10}, true);
  ASSERT_UP(node);
  outbox.publish_numbers(*node.broker, target, 0, 2000);
  node.stop();
  // Nothing may be left to wait for; the deliveries were settled within receive().
  EXPECT_EQ(outbox.completed.value(), 2000u);
  EXPECT_EQ(outbox.wrongly_completed(), 0u);
  EXPECT_EQ(outbox.with(Outcome::Kind::refused), 0u) << outbox.complaint();
}

TEST_P(Lifecycle, APublicationAfterStopIsAway) {
  auto target = adapter->new_target();
  Node node(*adapter, {.target = target}, true);
  ASSERT_UP(node);
  node.stop();
  auto& sent = outbox.publish(*node.broker, target, "late");
  ASSERT_TRUE(outbox.await_all(5s));
  EXPECT_EQ(sent.outcome.kind, Outcome::Kind::away);
  EXPECT_FALSE(sent.outcome.reason.empty());
}

}  // namespace
}  // namespace mombridge::conformance
