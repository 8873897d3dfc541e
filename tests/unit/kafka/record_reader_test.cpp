// From a partition's queue to the sink and back, with librdkafka's own cluster.

#include "broker/kafka/record_reader.hpp"

#include <optional>
#include <set>

#include "broker/kafka/consumer_client.hpp"
#include "mock_cluster.hpp"
#include "parts.hpp"

namespace mombridge::kafka {
namespace {

class Reads : public PartTest {
 protected:
  void SetUp() override {
    PartTest::SetUp();
    mock.create_topic("two", 2);
    settings = make_settings(mock.servers(), "group", {{.topic = "two"}});
    settings->prefetch_count = 10;
  }
  /// Takes both partitions, and those of a second subscription, from their beginnings.
  void assign(const std::vector<PartitionKey>& more = {}) {
    on_loop([&] {
      links.emplace("lake", *settings);
      cluster.emplace(loop, calls, "lake", "consumer", *settings, [] {});
      client.emplace(loop, "lake", settings);
      reader.emplace(loop, calls, "lake", settings, std::vector<uint32_t>{7, 8}, *links, *cluster, [](auto&) {});
      ASSERT_TRUE(client->make());
      reader->use(*client);
      reader->deliveries().hand_to(&sink);
      Partitions list(rd_kafka_topic_partition_list_new(2));
      auto take = [&](const PartitionKey& key, uint32_t subscription) {
        rd_kafka_topic_partition_list_add(list.get(), key.first.c_str(), key.second)->offset =
            RD_KAFKA_OFFSET_BEGINNING;
        auto partition = std::make_unique<PartitionReader>(client->shared(), key, subscription, "kafka:lake/two/",
                                                           client->open_partition(key));
        partition->come_through(queue());
        reader->add(std::move(partition));
      };
      for (int p = 0; p < 2; ++p) take({"two", p}, 0);
      for (auto& key : more) take(key, 1);
      ASSERT_EQ(rd_kafka_assign(client->get(), list.get()), RD_KAFKA_RESP_ERR_NO_ERROR);
    });
  }
  void end() override {
    sink.settle_all(Settlement::accept);
    reader.reset();
    client.reset();
    cluster.reset();
    links.reset();
  }
  [[nodiscard]] bool read_until(size_t count) {
    return turn_until([&] {
      turn();
      return sink.bodies.size() >= count;
    });
  }
  /// The next record; the ends of partitions are events, too, and left out.
  [[nodiscard]] Fetched fetch() {
    for (;;) {
      Event event(rd_kafka_queue_poll(queue().queue.get(), 0));
      if (!event) return {};
      if (auto* record = rd_kafka_event_message_next(event.get())) return {std::move(event), record};
    }
  }
  void turn() {
    while (client->next_event()) continue;
    reader->take_settled();
    (void)reader->read();
    reader->store_offsets();
  }
  [[nodiscard]] FetchQueue& queue() { return client->fetch_queue(); }
  [[nodiscard]] size_t fetched() { return rd_kafka_queue_length(queue().queue.get()); }
  [[nodiscard]] PartitionReader& partition(int number) { return *reader->assignment().find({"two", number}); }
  [[nodiscard]] int64_t committed(int number) {
    Partitions list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(list.get(), "two", number);
    rd_kafka_commit(client->get(), nullptr, 0);
    EXPECT_EQ(rd_kafka_committed(client->get(), list.get(), 10'000), RD_KAFKA_RESP_ERR_NO_ERROR);
    return list->elems[0].offset;
  }

  MockCluster mock;
  std::shared_ptr<Settings> settings;
  KeepingSink sink;
  std::optional<SubscriptionLinks> links;
  std::optional<ClusterLink> cluster;
  std::optional<ConsumerClient> client;
  std::optional<RecordReader> reader;
};

TEST_F(Reads, EachPartitionsRecordsWithWhereTheyCameFrom) {
  mock.fill("two", 0, 0, 3);
  mock.fill("two", 1, 10, 12);
  assign();
  ASSERT_TRUE(read_until(5));
  on_loop([this] {
    std::map<int, std::vector<int64_t>> offsets;
    for (auto& d : sink.kept) {
      offsets[d->partition].push_back(d->offset);
      EXPECT_EQ(d->subscription, 7u) << "the section's index";
      EXPECT_EQ(d->message.target, "two");
      EXPECT_TRUE(d->message.made_id);
    }
    EXPECT_EQ(offsets[0], (std::vector<int64_t>{0, 1, 2}));
    EXPECT_EQ(offsets[1], (std::vector<int64_t>{0, 1}));
    EXPECT_TRUE(cluster->is_reached());
  });
}

TEST_F(Reads, NothingOfASubscriptionThatIsPaused) {
  mock.fill("two", 0, 0, 5);
  assign();
  on_loop([this] { reader->deliveries().pause({true}); });
  ASSERT_TRUE(turn_until([&] {
    turn();
    return fetched() > 0;
  })) << "it is there to be taken, and stays there";
  on_loop([this] {
    for (int i = 0; i < 20; ++i) turn();
    EXPECT_EQ(sink.bodies.size(), 0u);
    reader->deliveries().pause({});
  });
  EXPECT_TRUE(read_until(5));
}

TEST_F(Reads, AfterAChangeWithTheNumberOfTheNewSubscription) {
  mock.fill("two", 0, 0, 2);
  assign();
  ASSERT_TRUE(read_until(2));
  KeepingSink next;
  on_loop([&] {
    auto changed = make_settings(mock.servers(), "group", {{.topic = "one"}, {.topic = "two"}});
    links->change_to(*changed);
    reader->deliveries().change_to(changed, {3, 4});
    reader->deliveries().hand_to(&next);
    for (auto& [key, partition] : reader->assignment()) partition->subscribe_as(1);
    EXPECT_EQ(sink.kept[0]->subscription, 7u) << "the former sink has it";
    settle(std::move(sink.kept[0]), Settlement::requeue);
    settle(std::move(sink.kept[1]), Settlement::accept);
    sink.kept.clear();
  });
  mock.fill("two", 0, 2, 3);
  ASSERT_TRUE(turn_until([&] {
    turn();
    return next.bodies.size() == 2;
  }));
  on_loop([&] {
    for (auto& d : next.kept) EXPECT_EQ(d->subscription, 4u);
    EXPECT_EQ(std::set(next.bodies.begin(), next.bodies.end()), (std::set<std::string>{"0", "2"}));
    next.settle_all(Settlement::accept);
    turn();
    EXPECT_EQ(committed(0), 3);
  });
}

TEST_F(Reads, NothingMoreOfATopicThatNoSubscriptionTakes) {
  settings->prefetch_size = 1;
  mock.fill("two", 0, 0, 2);
  assign();
  ASSERT_TRUE(read_until(1));
  on_loop([&] {
    auto changed = make_settings(mock.servers(), "group", {{.topic = "one"}});
    links->change_to(*changed);
    reader->deliveries().change_to(changed, {0});
    for (auto& [key, partition] : reader->assignment()) partition->subscribe_as(std::nullopt);
    reader->show();
    EXPECT_TRUE(reader->assignment().revoke_waits()) << "one is in flight";
    sink.settle_all(Settlement::accept);
    for (int i = 0; i < 20; ++i) turn();
    EXPECT_EQ(sink.bodies.size(), 1u);
    EXPECT_FALSE(reader->assignment().revoke_waits());
    EXPECT_EQ(committed(0), 1) << "what was in flight counts";
  });
}

TEST_F(Reads, NoMoreThanTheWindowUntilSomethingIsSettled) {
  mock.fill("two", 0, 0, 25);
  assign();
  ASSERT_TRUE(read_until(10));
  on_loop([this] {
    for (int i = 0; i < 20; ++i) turn();
    EXPECT_EQ(sink.bodies.size(), 10u);
    EXPECT_TRUE(reader->deliveries().full(partition(0)));
    EXPECT_FALSE(reader->deliveries().full(partition(1)));
    sink.settle_all(Settlement::accept);
  });
  ASSERT_TRUE(read_until(20));
}

// All of them come through one queue, in which the records of the full one lie before those of the other.
TEST_F(Reads, APartitionWhoseWindowIsFullKeepsNoOtherOneWaiting) {
  mock.fill("two", 0, 0, 40);
  assign();
  ASSERT_TRUE(read_until(10));
  mock.fill("two", 1, 100, 105);
  ASSERT_TRUE(read_until(15));
  on_loop([this] {
    EXPECT_TRUE(partition(0).stopped());
    EXPECT_EQ(partition(0).in_flight().messages(), 10u);
    EXPECT_EQ(partition(1).in_flight().messages(), 5u);
  });
}

// Its messages may be settled soon, and stopping throws away what was fetched of it.
TEST_F(Reads, APartitionWhoseWindowIsFullIsWaitedForBeforeItIsStopped) {
  mock.fill("two", 0, 0, 40);
  assign();
  ASSERT_TRUE(turn_until([&] { return fetched() >= 40; }));
  on_loop([this] {
    for (size_t settled = 0; settled < 40; settled = sink.bodies.size()) {
      turn();
      turn();
      EXPECT_FALSE(partition(0).stopped());
      EXPECT_EQ(partition(0).in_flight().messages(), 10u);
      sink.settle_all(Settlement::accept);
    }
    EXPECT_EQ(sink.bodies.size(), 40u);
  });
}

TEST_F(Reads, APartitionThatWasStoppedGoesOnWhereItWas) {
  mock.fill("two", 0, 0, 40);
  assign();
  std::vector<std::string> expected;
  for (int i = 0; i < 40; ++i) expected.push_back(std::to_string(i));
  ASSERT_TRUE(turn_until([&] {
    turn();
    if (partition(0).in_flight().messages() == 10) sink.settle_all(Settlement::accept);
    return sink.bodies.size() == 40;
  }));
  on_loop([&] {
    EXPECT_EQ(sink.bodies, expected) << "each once, and in their order";
    sink.settle_all(Settlement::accept);
    turn();
    EXPECT_EQ(committed(0), 40);
  });
}

// Records that wait keep the answers that they came with, and in those the records of others.
TEST_F(Reads, NothingWaitsOfASubscriptionWhoseMemoryIsSpentWhileOthersGoOn) {
  mock.create_topic("other", 1);
  settings = make_settings(mock.servers(), "group", {{.topic = "two"}, {.topic = "other"}});
  settings->prefetch_size = 20;
  mock.fill("two", 0, 0, 40);
  mock.fill("two", 1, 0, 40);
  assign({{"other", 0}});
  auto of_two = [this] { return partition(0).in_flight().messages() + partition(1).in_flight().messages(); };
  ASSERT_TRUE(turn_until([&] {
    turn();
    return partition(0).stopped() && partition(1).stopped();
  }));
  size_t before = 0;
  on_loop([&] { before = of_two(); });
  EXPECT_LT(before, 80u);
  mock.fill("other", 0, 100, 103);
  ASSERT_TRUE(read_until(before + 3));
  ASSERT_TRUE(turn_until([&] {
    turn();
    return fetched() == 0;
  }));
  on_loop([&] {
    EXPECT_EQ(of_two(), before);
    sink.settle_all(Settlement::accept);
  });
  ASSERT_TRUE(turn_until([&] {
    turn();
    sink.settle_all(Settlement::accept);
    return sink.bodies.size() == 83;
  })) << "they go on where they were";
}

// Stopped because nobody takes the topic any more; and a reload takes it again before the group has given it away.
TEST_F(Reads, NothingIsMissedOfATopicThatIsTakenAgain) {
  mock.fill("two", 0, 0, 3);
  assign();
  ASSERT_TRUE(read_until(3));
  on_loop([this] { partition(0).subscribe_as(std::nullopt); });
  mock.fill("two", 0, 3, 6);
  mock.fill("two", 1, 100, 101);
  ASSERT_TRUE(read_until(4));
  on_loop([this] { partition(0).subscribe_as(0); });
  ASSERT_TRUE(read_until(7));
  on_loop([this] {
    std::erase(sink.bodies, "100");
    EXPECT_EQ(sink.bodies, (std::vector<std::string>{"0", "1", "2", "3", "4", "5"}));
  });
}

// A fetch brings one batch of each partition. A queue for each partition would go on to 100 in each of them.
TEST_F(Reads, WhatIsFetchedAheadIsBoundedForAllPartitionsTogether) {
  constexpr int kPartitions = 20, kBatch = 50;
  mock.create_topic("many", kPartitions);
  for (int batch = 0; batch < 4; ++batch)
    for (int p = 0; p < kPartitions; ++p) mock.fill("many", p, 0, kBatch);
  settings = make_settings(mock.servers(), "group", {{.topic = "many"}});
  settings->librdkafka = {{"queued.min.messages", "100"}};
  on_loop([this] {
    links.emplace("lake", *settings);
    cluster.emplace(loop, calls, "lake", "consumer", *settings, [] {});
    client.emplace(loop, "lake", settings);
    reader.emplace(loop, calls, "lake", settings, std::vector<uint32_t>{0}, *links, *cluster, [](auto&) {});
    ASSERT_TRUE(client->make());
    reader->use(*client);
    Partitions list(rd_kafka_topic_partition_list_new(kPartitions));
    for (int p = 0; p < kPartitions; ++p) {
      rd_kafka_topic_partition_list_add(list.get(), "many", p)->offset = RD_KAFKA_OFFSET_BEGINNING;
      auto partition = std::make_unique<PartitionReader>(client->shared(), PartitionKey("many", p), 0, "id/",
                                                         client->open_partition({"many", p}));
      partition->come_through(queue());
      reader->add(std::move(partition));
    }
    ASSERT_EQ(rd_kafka_assign(client->get(), list.get()), RD_KAFKA_RESP_ERR_NO_ERROR);
  });
  ASSERT_TRUE(turn_until([&] { return fetched() >= 100; })) << "without a sink nothing is taken";
  std::this_thread::sleep_for(2s);  // the client looks again every second
  on_loop([&] { EXPECT_LT(fetched(), size_t{1500}); });
}

TEST_F(Reads, ABodyCountsAgainstTheBytesOfItsSubscription) {
  settings->prefetch_size = 1;
  mock.fill("two", 0, 0, 3);
  mock.fill("two", 1, 0, 3);
  assign();
  ASSERT_TRUE(read_until(1));
  on_loop([this] {
    EXPECT_TRUE(reader->deliveries().full(partition(0)));
    EXPECT_TRUE(reader->deliveries().full(partition(1))) << "the same subscription";
  });
}

TEST_F(Reads, TheCommittedOffsetIsThatOfTheFirstThatIsNotSettled) {
  mock.fill("two", 0, 0, 4);
  assign();
  ASSERT_TRUE(read_until(4));
  on_loop([this] {
    for (size_t i : {0, 1, 3}) settle(std::move(sink.kept[i]), Settlement::accept);
    turn();
    EXPECT_EQ(committed(0), 2);
    settle(std::move(sink.kept[2]), Settlement::reject);
    turn();
    EXPECT_EQ(committed(0), 4);
    sink.kept.clear();
  });
}

TEST_F(Reads, WhatIsGivenBackComesAgain) {
  mock.fill("two", 0, 0, 1);
  assign();
  ASSERT_TRUE(read_until(1));
  on_loop([this] { sink.settle_all(Settlement::requeue); });
  ASSERT_TRUE(read_until(2));
  on_loop([this] {
    EXPECT_TRUE(sink.kept[0]->message.redelivered);
    EXPECT_EQ(partition(0).in_flight().messages(), 1u) << "the same one";
  });
}

TEST_F(Reads, ALateSettlementMeansNothingAndFreesThePartition) {
  mock.fill("two", 0, 0, 2);
  assign();
  ASSERT_TRUE(read_until(2));
  on_loop([this] {
    reader->drop({"two", 0});
    EXPECT_TRUE(sink.kept[0]->stale());
    EXPECT_EQ(reader->assignment().former_in_flight(), 2u);
    sink.settle_all(Settlement::accept);
    reader->take_settled();
    EXPECT_EQ(reader->assignment().former_in_flight(), 0u);
    EXPECT_LT(committed(0), 0) << "nothing was stored";
  });
}

// A delivery that waits for its next try is in nobody's hands: only its timer can free it.
TEST_F(Reads, WhatWaitsForItsNextTryWhileItsPartitionIsRevokedIsFreed) {
  mock.fill("two", 0, 0, 1);
  assign();
  ASSERT_TRUE(read_until(1));
  on_loop([this] {
    sink.settle_all(Settlement::requeue);
    reader->take_settled();
    partition(0).begin_revoke();
  });
  std::this_thread::sleep_for(50ms);  // its time comes while the revocation is under way
  on_loop([this] {
    EXPECT_TRUE(sink.kept.empty()) << "nothing is handed out meanwhile";
    reader->drop({"two", 0});
  });
  EXPECT_TRUE(turn_until([this] { return reader->assignment().former_in_flight() == 0; }));
}

TEST_F(Reads, NothingIsHandedOutWithoutASink) {
  mock.fill("two", 0, 0, 3);
  assign();
  ASSERT_TRUE(read_until(1));
  on_loop([this] {
    auto before = sink.bodies.size();
    reader->deliveries().hand_to(nullptr);
    for (int i = 0; i < 20; ++i) turn();
    EXPECT_EQ(sink.bodies.size(), before);
  });
}

// What librdkafka puts into its common queue before a partition's own is forwarded.
TEST_F(Reads, WhatComesByTheCommonQueueComesBeforeTheRest) {
  mock.fill("two", 0, 0, 3);
  assign();
  ASSERT_TRUE(turn_until([this] { return fetched() >= 5; })) << "and the ends of both partitions";
  on_loop([this] {
    auto first = fetch();
    ASSERT_TRUE(first.record);
    reader->keep_early(std::move(first));
    EXPECT_TRUE(partition(0).has_early());
  });
  ASSERT_TRUE(read_until(3));
  on_loop([this] { EXPECT_EQ(sink.bodies, (std::vector<std::string>{"0", "1", "2"})); });
}

TEST_F(Reads, WhatBelongsToNoPartitionThatIsAssignedIsDropped) {
  mock.fill("two", 0, 0, 1);
  assign();
  Fetched first;
  ASSERT_TRUE(turn_until([&] {
    first = fetch();
    return first.record != nullptr;
  }));
  on_loop([&] {
    reader->drop({"two", 0});
    reader->keep_early(std::move(first));
    (void)reader->read();
    EXPECT_TRUE(sink.bodies.empty());
  });
}

TEST_F(Reads, AClientThatGoesLivesUntilItsRecordsAreSettled) {
  mock.fill("two", 0, 0, 2);
  assign();
  ASSERT_TRUE(read_until(2));
  std::weak_ptr<rd_kafka_t> watched;
  on_loop([&] {
    watched = client->shared();
    reader->drop_client();
    client->drop();
    EXPECT_FALSE(watched.expired());
    EXPECT_EQ(sink.kept[1]->message.body, "1");
    sink.settle_all(Settlement::accept);
    reader->take_settled();
  });
  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace mombridge::kafka
