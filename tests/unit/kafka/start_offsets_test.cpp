// Where reading begins: by what the group has committed, also for what appears while nobody reads.

#include "broker/resubscribing.hpp"
#include "live.hpp"

namespace mombridge::kafka {
namespace {

class StartsAt : public Live {
 protected:
  std::shared_ptr<Settings> latest(const std::string& topic, const std::string& group) {
    return settings(group, {{.topic = topic, .start = Start::latest}});
  }
  void publish_to(const std::string& topic, int partition, const std::string& body) {
    Node node(settings("publishes", {}));
    auto& sent = outbox.add(topic, {.body = body});
    sent.partition = partition;
    node.broker->publish(sent);
    ASSERT_ALL_DELIVERED(outbox);
  }
  /// Joins, and leaves again without having read anything.
  void once(const std::shared_ptr<Settings>& s) {
    Node node(s);
    node.await_up();
    node.stop();
    EXPECT_EQ(node.recorder.arrived.value(), 0u);
  }
};

TEST_F(StartsAt, LatestCommitsTheEndsOfAllPartitionsBeforeAnythingIsRead) {
  auto topic = new_topic(3);
  publish_to(topic, 1, "old");
  once(latest(topic, topic));
  EXPECT_EQ(KafkaAdmin(servers, topic).committed(topic, 3), (std::vector<int64_t>{0, 1, 0}));
  publish_to(topic, 1, "while it was down");
  Node node(latest(topic, topic));
  ASSERT_TRUE(node.recorder.await_distinct(1));
  EXPECT_EQ(node.recorder.bodies().front(), "while it was down");
}

TEST_F(StartsAt, APartitionThatIsAddedWhileItIsDownIsNew) {
  auto topic = new_topic();
  publish_to(topic, 0, "old");
  once(latest(topic, topic));
  KafkaAdmin(servers).add_partitions(topic, 2);
  publish_to(topic, 1, "new");
  Node node(latest(topic, topic));
  ASSERT_TRUE(node.recorder.await_distinct(1));
  EXPECT_EQ(node.recorder.bodies().front(), "new");
}

TEST_F(StartsAt, ATopicThatAppearsUnderAnExpressionWhileItIsDownIsNew) {
  auto prefix = unique_name();
  auto expression = "^" + prefix + "\\..*";
  publish(new_topic(1, prefix + ".first"), 0, 3);
  once(latest(expression, prefix));
  publish(new_topic(1, prefix + ".second"), 10, 13);
  Node node(latest(expression, prefix));
  ASSERT_TRUE(node.recorder.await_distinct(3));
  EXPECT_EQ(node.recorder.distinct(), numbers(10, 13));
}

TEST_F(StartsAt, TheFirstTopicOfAnExpressionThatAppearsWhileItRunsIsNew) {
  auto prefix = unique_name();
  Node node(latest("^" + prefix + "\\..*", prefix));
  (void)node.await(0, LinkStatus::State::up);
  std::this_thread::sleep_for(1s);  // its first look is over
  publish(new_topic(1, prefix + ".first"), 0, 3);
  ASSERT_TRUE(node.recorder.await_distinct(3));
  node.stop();
  EXPECT_EQ(KafkaAdmin(servers, prefix).committed(prefix + ".first", 1)[0], 3);
}

TEST_F(StartsAt, ANewSubscriptionOfAGroupThatHasOthersBeginsAsItSays) {
  auto first = new_topic(), second = new_topic();
  publish(first, 0, 3);
  publish(second, 10, 13);
  {
    Node node(settings(first, {{.topic = first}}));
    ASSERT_TRUE(node.recorder.await_distinct(3));
  }
  auto both = settings(first, {{.topic = first}, {.topic = second, .start = Start::latest}});
  Node node(both);
  node.await_up();
  publish(second, 20, 22);
  ASSERT_TRUE(node.recorder.await_distinct(2));
  EXPECT_EQ(node.recorder.distinct(), numbers(20, 22));
}

TEST_F(StartsAt, AReloadAddsASubscriptionAndOthersKeepKnowingWhichTopicsAreNew) {
  auto prefix = unique_name(), added = new_topic();
  publish(added, 10, 13);
  auto s = latest("^" + prefix + "\\..*", prefix);
  s->librdkafka = {{"topic.metadata.refresh.interval.ms", "300000"}};  // what appears is found by the reload alone
  Node node(s);
  (void)node.await(0, LinkStatus::State::up);
  std::this_thread::sleep_for(1s);  // its first look is over
  publish(new_topic(1, prefix + ".first"), 0, 3);
  auto more = std::make_shared<Settings>(*s);
  more->subscriptions.push_back(test::Entry{.topic = added, .start = Start::latest});
  dynamic_cast<Resubscribing&>(*node.broker).resubscribe(more, node.recorder, {});
  ASSERT_TRUE(node.recorder.await_distinct(3));
  node.await_up();
  publish(added, 20, 22);
  ASSERT_TRUE(node.recorder.await_distinct(5));
  auto expected = numbers(0, 3);
  expected.merge(numbers(20, 22));
  EXPECT_EQ(node.recorder.distinct(), expected);
}

TEST_F(StartsAt, MembersThatStartTogetherBeginAlike) {
  constexpr int kPartitions = 4;
  auto topic = new_topic(kPartitions);
  for (int p = 0; p < kPartitions; ++p) publish_to(topic, p, "old");
  {
    Node first(latest(topic, topic)), second(latest(topic, topic)), third(latest(topic, topic));
    for (auto* node : {&first, &second, &third}) node->await_up();
    Node publisher(settings("publishes", {}));
    auto seen = [&] {
      std::set<std::string> all;
      for (auto* node : {&first, &second, &third}) all.merge(node->recorder.distinct());
      return all;
    };
    for (int p = 0; p < kPartitions; ++p) {
      auto& sent = outbox.add(topic, {.body = std::to_string(p)});
      sent.partition = p;
      publisher.broker->publish(sent);
    }
    for (auto end = Clock::now() + kPatience; seen().size() < kPartitions && Clock::now() < end;)
      std::this_thread::sleep_for(50ms);
    EXPECT_EQ(seen(), numbers(0, kPartitions));
  }
  EXPECT_EQ(KafkaAdmin(servers, topic).committed(topic, kPartitions), std::vector<int64_t>(kPartitions, 2));
}

}  // namespace
}  // namespace mombridge::kafka
