// Other topics for a client that runs, with librdkafka's own cluster.

#include "broker/kafka/resubscription.hpp"

#include <optional>

#include "mock_cluster.hpp"
#include "parts.hpp"

namespace mombridge::kafka {
namespace {

class Resubscribes : public PartTest {
 protected:
  void SetUp() override {
    PartTest::SetUp();
    on_loop([this] {
      client.emplace(loop, "lake", settings);
      resubscription.emplace(
          loop, *client, assignment, [this] { ++rejoined; }, [this](auto&) { ++failed; });
      ASSERT_TRUE(client->make());
    });
  }
  void end() override {
    resubscription.reset();
    assignment.clear();
    client.reset();
    EXPECT_EQ(failed, 0);
  }
  [[nodiscard]] std::shared_ptr<Settings> with(const std::vector<test::Entry>& subscriptions) {
    return make_settings(mock.servers(), "group", subscriptions);
  }
  [[nodiscard]] bool can_change_to(const std::vector<test::Entry>& subscriptions) {
    bool can = false;
    on_loop([&] { can = client->can_change_to(*with(subscriptions)); });
    return can;
  }
  void change_to(const std::vector<test::Entry>& subscriptions) {
    client->change_to(with(subscriptions));
    resubscription->begin();
  }
  /// Of the topic "topic", which is not subscribed to any more.
  PartitionReader& reader_with_one_in_flight() {
    auto reader = std::make_unique<PartitionReader>(client->shared(), PartitionKey("topic", 0), std::nullopt, "id/",
                                                    Queue(rd_kafka_queue_new(client->get())));
    auto& added = *reader;
    added.in_flight().delivered(0);
    added.in_flight().handed_out();
    assignment.add(std::move(reader));
    return added;
  }

  MockCluster mock;
  std::shared_ptr<Settings> settings = with({{.topic = "topic"}});
  Assignment assignment;
  std::optional<ConsumerClient> client;
  std::optional<Resubscription> resubscription;
  std::atomic<int> rejoined{0}, failed{0};
};

TEST_F(Resubscribes, OnlyWhereTheTopicsAreOthers) {
  on_loop([this] {
    change_to({{.topic = "topic"}, {.topic = "other"}});
    EXPECT_FALSE(client->topics_changed()) << "it has not subscribed yet";
    ASSERT_TRUE(client->subscribe());
    change_to({{.topic = "other"}, {.topic = "topic", .start = Start::latest}});
    EXPECT_FALSE(client->topics_changed());
    client->change_to(with({{.topic = "^t.*"}}));
    EXPECT_TRUE(client->topics_changed());
    EXPECT_EQ(rejoined, 0);
    resubscription->begin();
    EXPECT_FALSE(client->topics_changed());
    EXPECT_EQ(rejoined, 1);
  });
}

TEST_F(Resubscribes, WhenWhatIsInFlightOfFormerTopicsIsSettled) {
  on_loop([this] {
    ASSERT_TRUE(client->subscribe());
    auto& reader = reader_with_one_in_flight();
    change_to({{.topic = "other"}});
    resubscription->settled();
    EXPECT_TRUE(resubscription->waits());
    EXPECT_TRUE(client->topics_changed());
    reader.in_flight().taken_back();
    resubscription->settled();
    EXPECT_FALSE(resubscription->waits());
    EXPECT_FALSE(client->topics_changed());
  });
}

TEST_F(Resubscribes, NotWhereAFurtherChangeTakesItBack) {
  on_loop([this] {
    ASSERT_TRUE(client->subscribe());
    reader_with_one_in_flight();
    change_to({{.topic = "other"}});
    EXPECT_TRUE(resubscription->waits());
    change_to({{.topic = "topic"}});
    EXPECT_FALSE(resubscription->waits());
    assignment.clear();
  });
}

TEST_F(Resubscribes, DoesNotWaitForEver) {
  on_loop([this] {
    ASSERT_TRUE(client->subscribe());
    reader_with_one_in_flight();
    change_to({{.topic = "other"}});
  });
  EXPECT_TRUE(turn_until([this] { return !resubscription->waits(); }));
  on_loop([this] {
    EXPECT_FALSE(client->topics_changed());
    assignment.clear();
  });
}

TEST_F(Resubscribes, AClientCannotChangeWhatItDoesWithTheLostOffsetsOfATopic) {
  EXPECT_TRUE(can_change_to({{.topic = "topic", .start = Start::latest}, {.topic = "other"}}));
  EXPECT_TRUE(can_change_to({{.topic = "other", .on_offset_lost = OnOffsetLost::latest}})) << "of a new topic";
  EXPECT_FALSE(can_change_to({{.topic = "topic", .on_offset_lost = OnOffsetLost::latest}}));
  EXPECT_FALSE(can_change_to({{.topic = "^top.*", .on_offset_lost = OnOffsetLost::latest}}));
  on_loop([this] { change_to({{.topic = "other", .on_offset_lost = OnOffsetLost::latest}}); });
  EXPECT_FALSE(can_change_to({{.topic = "topic", .on_offset_lost = OnOffsetLost::latest}})) << "it had it once";
  EXPECT_FALSE(can_change_to({{.topic = "other"}}));
  on_loop([this] { client->drop(); });
  EXPECT_TRUE(can_change_to({{.topic = "other"}})) << "the next client";
}

TEST_F(Resubscribes, AClientCannotChangeWhichTopicsAreHiddenFromIt) {
  EXPECT_TRUE(can_change_to({{.topic = "^.*"}}));
  EXPECT_FALSE(can_change_to({{.topic = "__consumer_offsets"}}));
}

}  // namespace
}  // namespace mombridge::kafka
