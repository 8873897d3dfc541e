// Where consuming begins, what is committed, which topics are taken.

#include <algorithm>

#include "live.hpp"

namespace mombridge::kafka {
namespace {

class Offsets : public Live {};

TEST_F(Offsets, AfterADrainedStopAllIsCommitted) {
  constexpr int kCount = 500;
  auto topic = new_topic(2);
  {
    Node node(settings(topic, {{.topic = topic}}));
    node.await_up();
    outbox.publish_numbers(*node.broker, topic, 0, kCount);
    ASSERT_ALL_DELIVERED(outbox);
    ASSERT_TRUE(node.recorder.await_distinct(kCount));
    node.broker->stop_intake();
  }
  auto committed = KafkaAdmin(servers, topic).committed(topic, 2);
  // Without keys, all may have gone to one partition; of the other nothing is committed then, which reads as below 0.
  EXPECT_EQ(std::max<int64_t>(committed[0], 0) + std::max<int64_t>(committed[1], 0), kCount);
}

TEST_F(Offsets, AreCommittedWhileItRuns) {
  auto topic = new_topic();
  Node node(settings(topic, {{.topic = topic}}));
  node.await_up();
  outbox.publish_numbers(*node.broker, topic, 0, 10);
  ASSERT_TRUE(node.recorder.await_distinct(10));
  KafkaAdmin admin(servers, topic);
  auto end = Clock::now() + kPatience;
  while (admin.committed(topic, 1)[0] != 10 && Clock::now() < end) std::this_thread::sleep_for(50ms);
  EXPECT_EQ(admin.committed(topic, 1)[0], 10);
}

TEST_F(Offsets, OnlyWhatIsSettledWithoutAGapIsCommitted) {
  auto topic = new_topic();
  {
    Node node(settings(topic, {{.topic = topic}}), false);
    node.await_up();
    outbox.publish_numbers(*node.broker, topic, 0, 10);
    auto held = node.recorder.await_held(10);
    ASSERT_EQ(held.size(), 10u);
    for (int i : {0, 1, 2, 4, 5, 9}) settle(std::move(held[static_cast<size_t>(i)]), Settlement::accept);
    node.stop();
  }
  EXPECT_EQ(KafkaAdmin(servers, topic).committed(topic, 1)[0], 3);
}

TEST_F(Offsets, LatestBeginsAtTheEndAndNoLaterThanThat) {
  auto topic = new_topic();
  publish(topic, 0, 10);
  {
    Node node(settings(topic, {{.topic = topic, .start = Start::latest}}), false);
    node.await_up();
    outbox.publish_numbers(*node.broker, topic, 10, 20);
    ASSERT_TRUE(node.recorder.await_distinct(10));
    EXPECT_EQ(node.recorder.distinct(), numbers(10, 20));
    node.stop();  // nothing was settled
  }
  publish(topic, 20, 25);
  Node node(settings(topic, {{.topic = topic, .start = Start::latest}}));
  ASSERT_TRUE(node.recorder.await_distinct(15)) << "the group began at 10 the first time";
  EXPECT_EQ(node.recorder.distinct(), numbers(10, 25));
}

TEST_F(Offsets, APartitionThatIsAddedIsReadFromItsBeginning) {
  auto topic = new_topic();
  publish(topic, 0, 5);
  Node node(settings(topic, {{.topic = topic, .start = Start::latest}}));
  node.await_up();
  KafkaAdmin(servers).add_partitions(topic, 2);
  Node publisher(settings("publishes", {}));
  auto& sent = outbox.add(topic, {.body = "new"});
  sent.partition = 1;
  publisher.broker->publish(sent);
  ASSERT_TRUE(node.recorder.await_distinct(1));
  EXPECT_EQ(node.recorder.bodies().front(), "new");
}

class OffsetLost : public Offsets {
 protected:
  // A group that stands at 3 of a topic whose first record is 8 of 10.
  void SetUp() override {
    Offsets::SetUp();
    if (IsSkipped()) return;
    topic = new_topic();
    publish(topic, 0, 10);
    {
      Node node(settings(topic, {{.topic = topic}}), false);
      auto held = node.recorder.await_held(10);
      ASSERT_EQ(held.size(), 10u);
      for (size_t i = 0; i < 3; ++i) settle(std::move(held[i]), Settlement::accept);
      node.stop();
    }
    KafkaAdmin(servers).delete_records(topic, 8);
  }
  std::string topic;
};

TEST_F(OffsetLost, StopsAndSaysSo) {
  auto other = new_topic();
  Node node(settings(topic, {{.topic = topic}, {.topic = other}}));
  auto detail = node.await(1, LinkStatus::State::failing);
  EXPECT_NE(detail.find("no longer has the offset"), std::string::npos) << detail;
  EXPECT_NE(detail.find("on_offset_lost"), std::string::npos) << detail;
  outbox.publish_numbers(*node.broker, topic, 10, 11);
  outbox.publish(*node.broker, other, "goes on");
  ASSERT_TRUE(node.recorder.await_distinct(1));
  EXPECT_FALSE(node.recorder.arrived.await(2, kQuiet));
  EXPECT_EQ(node.recorder.bodies().front(), "goes on") << "the others are not concerned";
  (void)node.await(2, LinkStatus::State::up);
}

TEST_F(OffsetLost, GoesOnWithTheEarliestThatIsLeft) {
  Node node(settings(topic, {{.topic = topic, .on_offset_lost = OnOffsetLost::earliest}}));
  ASSERT_TRUE(node.recorder.await_distinct(2));
  EXPECT_EQ(node.recorder.distinct(), numbers(8, 10));
}

// Where the group has no offset for a partition, it is looked for what the topic has, and by then its policy must
// stand.
TEST_F(OffsetLost, GoesOnWithTheEarliestBesideAPartitionWithoutACommit) {
  auto wide = new_topic(2);
  {
    Node node(settings(wide, {{.topic = wide}}), false);
    for (int i = 0; i < 10; ++i) {
      auto& sent = outbox.add(wide, {.body = std::to_string(i)});
      sent.partition = 0;
      node.broker->publish(sent);
    }
    auto held = node.recorder.await_held(10);
    ASSERT_EQ(held.size(), 10u);
    for (size_t i = 0; i < 3; ++i) settle(std::move(held[i]), Settlement::accept);
    node.stop();
  }
  KafkaAdmin(servers).delete_records(wide, 8);
  Node node(settings(wide, {{.topic = wide, .on_offset_lost = OnOffsetLost::earliest}}));
  ASSERT_TRUE(node.recorder.await_distinct(2));
  EXPECT_EQ(node.recorder.distinct(), numbers(8, 10));
}

TEST_F(OffsetLost, GoesOnWithTheLatest) {
  Node node(settings(topic, {{.topic = topic, .on_offset_lost = OnOffsetLost::latest}}));
  node.await_up();
  // Whatever is published before the client has found out is skipped with the rest.
  for (int i = 10; node.recorder.arrived.value() == 0 && i < 600; ++i) {
    outbox.publish_numbers(*node.broker, topic, i, i + 1);
    (void)node.recorder.arrived.await(1, 100ms);
  }
  ASSERT_GE(node.recorder.arrived.value(), 1u);
  EXPECT_GE(std::stoi(node.recorder.bodies().front()), 10);
}

class Topics : public Live {};

TEST_F(Topics, AnExpressionTakesNewTopicsButNeverTheBridgesOwn) {
  auto prefix = unique_name();
  auto first = new_topic(1, prefix + ".first"), own = new_topic(1, prefix + ".dead");
  auto s = settings(prefix, {{.topic = "^" + prefix + "\\..*"}});
  s->own_names = {own};
  Node node(s);
  node.await_up();
  auto second = new_topic(1, prefix + ".second");
  for (auto& topic : {own, first, second}) outbox.publish(*node.broker, topic, topic);
  ASSERT_TRUE(node.recorder.await_distinct(2));
  EXPECT_FALSE(node.recorder.arrived.await(3, kQuiet));
  EXPECT_EQ(node.recorder.distinct(), (std::set<std::string>{first, second}));
}

TEST_F(Topics, EachRecordBelongsToTheSubscriptionThatNamesItsTopic) {
  auto prefix = unique_name();
  auto named = new_topic(1, prefix + ".named"), other = new_topic(1, prefix + ".other");
  std::mutex mutex;
  std::map<std::string, uint32_t> subscriptions;
  Node node(settings(prefix, {{.topic = "^" + prefix + ".*"}, {.topic = named}}), false, [&](DeliveryHandle d) {
    std::lock_guard lock(mutex);
    subscriptions[std::string(d->message.target)] = d->subscription;
    settle(std::move(d), Settlement::accept);
  });
  for (auto& topic : {named, other}) outbox.publish(*node.broker, topic, topic);
  ASSERT_TRUE(node.recorder.await_distinct(2));
  node.stop();
  EXPECT_EQ(subscriptions, (std::map<std::string, uint32_t>{{named, 1}, {other, 0}}));
}

TEST_F(Topics, AMissingOneIsAFailingStateUntilItIsThere) {
  auto topic = unique_name(), present = new_topic();
  Node node(settings(topic, {{.topic = topic}, {.topic = present}}));
  auto detail = node.await(1, LinkStatus::State::failing);
  EXPECT_NE(detail.find("UNKNOWN_TOPIC_OR_PART"), std::string::npos) << detail;
  (void)node.await(2, LinkStatus::State::up);
  new_topic(1, topic);
  (void)node.await(1, LinkStatus::State::up);
  outbox.publish(*node.broker, topic, "at last");
  EXPECT_TRUE(node.recorder.await_distinct(1));
}

TEST_F(Topics, TheTargetMayComeFromAHeader) {
  auto topic = new_topic();
  auto s = settings(topic, {{.topic = topic}});
  s->subscriptions[0].target_from = "to";
  Node node(s);
  using conformance::OwnValue;
  outbox.publish(*node.broker, topic, OwnMessage{.body = "b", .headers = {{"to", OwnValue::string("elsewhere")}}});
  ASSERT_TRUE(node.recorder.arrived.await(1));
  EXPECT_EQ(node.recorder.arrivals().front().target, "elsewhere");
}

/// Of `all` that wait, so many are handed out at a time, and in the end each.
void expect_no_more_than(size_t most, size_t all, conformance::Recorder& recorder) {
  ASSERT_TRUE(recorder.arrived.await(1));
  std::this_thread::sleep_for(500ms);
  EXPECT_LE(recorder.arrived.value(), most);
  for (size_t settled = 0; settled < all;) {
    auto held = recorder.await_held(1);
    ASSERT_FALSE(held.empty());
    EXPECT_LE(held.size(), most);
    for (auto& d : held) settle(std::move(d), Settlement::accept), ++settled;
    EXPECT_LE(recorder.arrived.value(), settled + most);
  }
}

// A partition's queue that is still forwarded to the common one would give out what belongs to another.
TEST_F(Topics, TheFirstRecordsOfManyPartitionsEachArriveOnceFromTheirOwn) {
  constexpr int kPartitions = 40, kEach = 3;
  auto topic = new_topic(kPartitions);
  Node publisher(settings("publishes", {}));
  for (int i = 0; i < kPartitions * kEach; ++i) {
    auto& sent = outbox.add(topic, {.body = std::to_string(i % kPartitions)});
    sent.partition = i % kPartitions;
    publisher.broker->publish(sent);
  }
  ASSERT_ALL_DELIVERED(outbox);
  std::mutex mutex;
  std::set<std::string> wrong;
  Node node(settings(topic, {{.topic = topic}}), false, [&](DeliveryHandle d) {
    std::lock_guard lock(mutex);
    if (auto body = std::string(d->message.body); body != std::to_string(d->partition)) wrong.insert(body);
    settle(std::move(d), Settlement::accept);
  });
  EXPECT_TRUE(node.recorder.arrived.await(kPartitions * kEach));
  node.stop();
  EXPECT_EQ(node.recorder.arrived.value(), size_t{kPartitions * kEach});
  EXPECT_EQ(wrong, std::set<std::string>{});
}

// Left to itself, the client looks only once a second whether there is room in a queue that was full.
TEST_F(Topics, AFullQueueIsFilledAgainWhenThereIsRoom) {
  constexpr int kCount = 200;
  auto topic = new_topic();
  auto one_a_batch = settings("publishes", {});
  one_a_batch->librdkafka = {{"batch.num.messages", "1"}};
  Node publisher(one_a_batch);
  outbox.publish_numbers(*publisher.broker, topic, 0, kCount);
  ASSERT_ALL_DELIVERED(outbox);
  auto one_a_fetch = settings(topic, {{.topic = topic}});
  one_a_fetch->librdkafka = {{"queued.min.messages", "1"}, {"fetch.message.max.bytes", "1"}};
  Node node(one_a_fetch);
  EXPECT_TRUE(node.recorder.await_distinct(kCount));
}

TEST_F(Topics, BytesInFlightAreBounded) {
  constexpr size_t kBody = 10'000;
  auto topic = new_topic();
  auto s = settings(topic, {{.topic = topic}});
  s->prefetch_size = 3 * kBody;
  Node node(s, false);
  node.await_up();
  for (int i = 0; i < 20; ++i) outbox.publish(*node.broker, topic, std::to_string(i) + std::string(kBody, '.'));
  ASSERT_ALL_DELIVERED(outbox);
  expect_no_more_than(3, 20, node.recorder);
}

// 20,000 small headers take ten times as much memory as they had on the wire.
TEST_F(Topics, DecodedHeadersCountAsBytesInFlight) {
  constexpr size_t kHeaders = 20'000, kCount = 12;
  auto topic = new_topic();
  auto s = settings(topic, {{.topic = topic}});
  s->prefetch_size = 3 * kHeaders * sizeof(Header);
  Node node(s, false);
  node.await_up();
  conformance::OwnMessage message{.body = "b"};
  for (size_t i = 0; i < kHeaders; ++i) message.headers.push_back({"n", conformance::OwnValue::string("v")});
  for (size_t i = 0; i < kCount; ++i) outbox.publish(*node.broker, topic, message);
  ASSERT_ALL_DELIVERED(outbox);
  expect_no_more_than(3, kCount, node.recorder);
}

}  // namespace
}  // namespace mombridge::kafka
