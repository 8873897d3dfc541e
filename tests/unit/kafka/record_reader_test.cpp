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
  /// Takes both partitions, from their beginnings.
  void assign() {
    on_loop([this] {
      links.emplace("lake", *settings);
      cluster.emplace(loop, calls, "lake", "consumer", *settings, [] {});
      client.emplace(loop, "lake", settings);
      reader.emplace(loop, calls, "lake", settings, std::vector<uint32_t>{7}, *links, *cluster, [](auto&) {});
      ASSERT_TRUE(client->make());
      reader->use(client->get());
      reader->deliveries().hand_to(&sink);
      Partitions list(rd_kafka_topic_partition_list_new(2));
      for (int p = 0; p < 2; ++p) {
        rd_kafka_topic_partition_list_add(list.get(), "two", p)->offset = RD_KAFKA_OFFSET_BEGINNING;
        reader->add(std::make_unique<PartitionReader>(client->shared(), PartitionKey("two", p), 0, "kafka:lake/two/",
                                                      client->open_partition({"two", p})));
      }
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
  void turn() {
    while (client->next_event()) continue;
    reader->take_settled();
    (void)reader->read();
    reader->store_offsets();
  }
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
    return partition(0).has_more();
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

// What librdkafka puts into its common queue before a partition's own is cut off.
TEST_F(Reads, WhatComesByTheCommonQueueComesBeforeTheRest) {
  mock.fill("two", 0, 0, 3);
  assign();
  ASSERT_TRUE(turn_until([this] {
    return rd_kafka_queue_length(Queue(rd_kafka_queue_get_partition(client->get(), "two", 0)).get()) >= 3;
  }));
  on_loop([this] {
    std::vector<Fetched> strays;
    auto first = partition(0).fetch(strays);
    ASSERT_TRUE(first.record);
    reader->keep_early(std::move(first));
    EXPECT_TRUE(partition(0).has_more());
  });
  ASSERT_TRUE(read_until(3));
  on_loop([this] { EXPECT_EQ(sink.bodies, (std::vector<std::string>{"0", "1", "2"})); });
}

TEST_F(Reads, WhatBelongsToNoPartitionThatIsAssignedIsDropped) {
  mock.fill("two", 0, 0, 1);
  assign();
  std::vector<Fetched> strays;
  Fetched fetched;
  ASSERT_TRUE(turn_until([&] {
    fetched = partition(0).fetch(strays);
    return fetched.record != nullptr;
  }));
  on_loop([&] {
    reader->drop({"two", 0});
    reader->keep_early(std::move(fetched));
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
