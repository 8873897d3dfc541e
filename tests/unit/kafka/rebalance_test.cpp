// What a member does with the partitions that its group gives and takes, with librdkafka's own cluster.

#include <optional>

#include "broker/kafka/group.hpp"
#include "mock_cluster.hpp"
#include "parts.hpp"

namespace mombridge::kafka {
namespace {

class Rebalance : public PartTest {
 protected:
  void SetUp() override {
    PartTest::SetUp();
    mock.create_topic("two", 2);
    mock.fill("two", 0, 0, 3);
    settings = make_settings(mock.servers(), "group", {{.topic = "two"}});
    on_loop([this] {
      links.emplace("lake", *settings);
      cluster.emplace(loop, calls, "lake", "consumer", *settings, [] {});
      client.emplace(loop, "lake", settings);
      reader.emplace(loop, calls, "lake", settings, std::vector<uint32_t>{0}, *links, *cluster, [](auto&) {});
      group.emplace(
          loop, calls, "lake", settings, *client, *reader, *links,
          [this](auto*, auto* partitions, auto& owned, auto) { return find(partitions, owned); },
          [this](const Result<>& taken) { taken ? ++assigned : ++failed; });
      ASSERT_TRUE(client->make());
      reader->use(*client);
      reader->deliveries().hand_to(&sink);
    });
  }
  void end() override {
    hold = false;
    while (finding) std::this_thread::sleep_for(1ms);  // the call goes on behind a group that has gone
    sink.settle_all(Settlement::accept);
    group.reset();
    reader.reset();
    client.reset();
    cluster.reset();
    links.reset();
  }
  /// [the calls' thread]
  Result<bool> find(rd_kafka_topic_partition_list_t* partitions, const std::set<PartitionKey>& owned) {
    ++finding;
    auto result = found(partitions, owned);
    --finding;
    return result;
  }
  Result<bool> found(rd_kafka_topic_partition_list_t* partitions, const std::set<PartitionKey>& owned) {
    ++finds;
    owned_at_find = owned;
    while (hold) std::this_thread::sleep_for(1ms);
    if (wait-- > 0) return false;
    if (!error.empty()) return fail(error);
    for (int i = 0; i < partitions->cnt; ++i) partitions->elems[i].offset = RD_KAFKA_OFFSET_BEGINNING;
    return true;
  }
  void rebalance(rd_kafka_resp_err_t code, int partitions) {
    on_loop([&] {
      Partitions list(rd_kafka_topic_partition_list_new(2));
      for (int p = 0; p < partitions; ++p) rd_kafka_topic_partition_list_add(list.get(), "two", p);
      group->rebalance(code, list.get());
    });
  }
  /// As a reload does.
  void change_to(const std::shared_ptr<Settings>& next, const std::vector<uint32_t>& indices) {
    on_loop([&] {
      links->change_to(*next);
      reader->deliveries().change_to(next, indices);
      group->change_to(next);
    });
  }
  void assign(int partitions = 2) { rebalance(RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, partitions); }
  void revoke(int partitions = 2) { rebalance(RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS, partitions); }
  [[nodiscard]] size_t partitions() {
    size_t count = 0;
    on_loop([&] { count = reader->assignment().size(); });
    return count;
  }
  /// All that is in the topic.
  [[nodiscard]] bool read_all() {
    return turn_until([this] {
      (void)reader->read();
      return sink.bodies.size() == 3;
    });
  }
  [[nodiscard]] LinkStatus link() { return links->status().at(0); }

  MockCluster mock;
  std::shared_ptr<Settings> settings;
  KeepingSink sink;
  std::atomic<bool> hold{false};
  std::atomic<int> finding{0}, finds{0}, wait{0}, assigned{0}, failed{0};
  std::string error;
  std::set<PartitionKey> owned_at_find;
  std::optional<SubscriptionLinks> links;
  std::optional<ClusterLink> cluster;
  std::optional<ConsumerClient> client;
  std::optional<RecordReader> reader;
  std::optional<Group> group;
};

TEST_F(Rebalance, PartitionsAreReadWhenItIsKnownWhereTheyBegin) {
  hold = true;
  assign();
  EXPECT_EQ(partitions(), 0u);
  EXPECT_EQ(to_string(link().state), "connecting");
  hold = false;
  ASSERT_TRUE(await([this] { return assigned == 1; }));
  EXPECT_EQ(partitions(), 2u);
  EXPECT_EQ(to_string(link().state), "up");
  ASSERT_TRUE(read_all());
}

TEST_F(Rebalance, IsAskedAgainWhileAnotherMemberDecides) {
  wait = 1;
  assign();
  ASSERT_TRUE(await([this] { return assigned == 1; }));
  EXPECT_EQ(finds, 2);
}

TEST_F(Rebalance, WhatFailsIsShownAndTriedAgain) {
  error = "cannot read the group's offsets";
  assign();
  ASSERT_TRUE(await([this] { return to_string(link().state) == "failing"; }));
  EXPECT_EQ(link().detail, error);
  EXPECT_EQ(partitions(), 0u);
  on_loop([this] { group->forget(); });
}

TEST_F(Rebalance, AnAnswerToAnEarlierAssignmentIsThrownAway) {
  hold = true;
  assign();
  ASSERT_TRUE(await([this] { return finds == 1; }));
  assign(1);
  hold = false;
  ASSERT_TRUE(await([this] { return assigned == 1; }));
  EXPECT_EQ(partitions(), 1u);
  EXPECT_EQ(finds, 2);
}

TEST_F(Rebalance, ARevocationWaitsForWhatIsInFlight) {
  assign();
  ASSERT_TRUE(await([this] { return assigned == 1; }));
  ASSERT_TRUE(read_all());
  revoke();
  on_loop([this] {
    group->settled();
    EXPECT_TRUE(group->busy());
    EXPECT_EQ(reader->assignment().size(), 2u);
    EXPECT_FALSE(sink.kept[0]->stale());
    sink.settle_all(Settlement::accept);
    reader->take_settled();
    group->settled();
    EXPECT_FALSE(group->busy());
    EXPECT_TRUE(reader->assignment().empty());
  });
  EXPECT_EQ(to_string(link().state), "connecting");
}

TEST_F(Rebalance, ARevocationDoesNotWaitForever) {
  assign();
  ASSERT_TRUE(await([this] { return assigned == 1; }));
  ASSERT_TRUE(read_all());
  revoke();
  ASSERT_TRUE(await([this] { return partitions() == 0; })) << "a quarter of the session";
  on_loop([this] { EXPECT_TRUE(sink.kept[0]->stale()); });
}

TEST_F(Rebalance, ARevocationOfItsOwnMakesNoGapAndWaitsLonger) {
  assign();
  ASSERT_TRUE(await([this] { return assigned == 1; }));
  ASSERT_TRUE(read_all());
  on_loop([this] { group->rejoins(); });
  revoke();
  EXPECT_FALSE(await([this] { return partitions() == 0; }, 2s)) << "longer than a quarter of the session";
  on_loop([this] {
    sink.settle_all(Settlement::accept);
    reader->take_settled();
    group->settled();
    EXPECT_TRUE(reader->assignment().empty());
  });
  EXPECT_EQ(to_string(link().state), "up");
  assign();
  ASSERT_TRUE(await([this] { return assigned == 2; }));
  revoke();
  on_loop([this] { group->settled(); });
  EXPECT_EQ(to_string(link().state), "connecting") << "one of the group's";
}

TEST_F(Rebalance, AReloadAsksAnewForAnAssignmentThatIsUnderWay) {
  hold = true;
  assign();
  ASSERT_TRUE(await([this] { return finds == 1; }));
  change_to(make_settings(mock.servers(), "group", {{.topic = "one"}, {.topic = "two"}}), {0, 1});
  hold = false;
  ASSERT_TRUE(await([this] { return assigned == 1; }));
  EXPECT_EQ(finds, 2);
  on_loop([this] {
    for (auto& [key, partition] : reader->assignment()) EXPECT_EQ(partition->subscription(), 1u);
  });
}

TEST_F(Rebalance, PartitionsThatNoSubscriptionTakesAnyMoreAreNotRead) {
  hold = true;
  assign();
  ASSERT_TRUE(await([this] { return finds == 1; }));
  auto other = make_settings(mock.servers(), "group", {{.topic = "other"}});
  change_to(other, {0});
  hold = false;
  ASSERT_TRUE(await([this] { return assigned == 1; }));
  on_loop([&] {
    EXPECT_EQ(reader->assignment().size(), 2u) << "the group has given them out";
    for (auto& [key, partition] : reader->assignment()) EXPECT_TRUE(partition->revoking());
  });
  change_to(settings, {0});  // a further reload, before they were given back
  ASSERT_TRUE(read_all());
}

TEST_F(Rebalance, ClosingAnswersWhatIsUnderWay) {
  hold = true;
  assign();
  ASSERT_TRUE(await([this] { return finds == 1; }));
  std::atomic<bool> closed{false};
  on_loop([&] {
    group->prepare_close();
    EXPECT_FALSE(group->busy());
    client->begin_close([&] { closed = true; });
  });
  ASSERT_TRUE(turn_until([&] {
    while (auto event = client->next_event())
      if (rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_REBALANCE)
        group->rebalance(rd_kafka_event_error(event.get()), rd_kafka_event_topic_partition_list(event.get()));
    client->check_closed();
    return closed.load();
  }));
  hold = false;
  EXPECT_EQ(assigned, 0);
}

TEST_F(Rebalance, TheClientMayGoWhileAnAnswerIsOnItsWay) {
  hold = true;
  assign();
  ASSERT_TRUE(await([this] { return finds == 1; }));
  std::weak_ptr<rd_kafka_t> watched;
  auto began = Clock::now();
  on_loop([&] {
    watched = client->shared();
    group->forget();
    reader->drop_client();
    client->drop();
  });
  EXPECT_LT(Clock::now() - began, 1s);
  EXPECT_FALSE(watched.expired()) << "the call has it";
  hold = false;
  EXPECT_TRUE(await([&] { return watched.expired(); }));
  EXPECT_EQ(assigned, 0);
}

}  // namespace
}  // namespace mombridge::kafka
