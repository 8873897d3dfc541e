#include "broker/kafka/assignment.hpp"

#include <gtest/gtest.h>

#include "broker/kafka/client.hpp"
#include "test_settings.hpp"

namespace mombridge::kafka {
namespace {

/// With a client that never reaches anybody.
class Assigned : public testing::Test {
 protected:
  void SetUp() override {
    auto settings = make_settings("127.0.0.1:1", "group", {{.topic = "t"}});
    auto made = make_client(RD_KAFKA_CONSUMER, *settings, consumer_properties(*settings, TopicMatch(*settings)),
                            ClientLog::silent);
    ASSERT_TRUE(made) << made.error().text;
    client = share(std::move(*made));
  }
  void TearDown() override {
    assignment.clear();
    client.reset();
    EXPECT_TRUE(await_clients_ended(std::chrono::seconds(10)));
  }
  PartitionReader& add(const std::string& topic, int partition) {
    PartitionKey key(topic, partition);
    assignment.add(std::make_unique<PartitionReader>(client, key, 0, "id/", Queue(rd_kafka_queue_new(client.get()))));
    return *assignment.find(key);
  }
  SharedClient client;
  Assignment assignment;
};

TEST_F(Assigned, FindsThePartitionsThatItHas) {
  add("a", 0);
  add("a", 1);
  EXPECT_EQ(assignment.size(), 2u);
  EXPECT_EQ(assignment.keys(), (std::set<PartitionKey>{{"a", 0}, {"a", 1}}));
  EXPECT_EQ(assignment.find({"b", 0}), nullptr);
  assignment.drop({"b", 0});
  assignment.drop({"a", 0});
  EXPECT_EQ(assignment.find({"a", 0}), nullptr);
  assignment.drop_all();
  EXPECT_TRUE(assignment.empty());
}

TEST_F(Assigned, AReaderLivesUntilItsLastDeliveryIsReleased) {
  auto& reader = add("a", 0);
  auto number = reader.in_flight().delivered(5);
  reader.in_flight().delivered(6);
  EXPECT_EQ(number, 0u);
  assignment.drop({"a", 0});
  EXPECT_FALSE(reader.current());
  EXPECT_EQ(assignment.former_in_flight(), 2u);
  reader.in_flight().released();
  assignment.released(reader);
  EXPECT_EQ(assignment.former_in_flight(), 1u);
  reader.in_flight().released();
  assignment.released(reader);
  EXPECT_EQ(assignment.former_in_flight(), 0u);
}

TEST_F(Assigned, TheSamePartitionAnewIsAnotherEpoch) {
  auto& first = add("a", 0);
  first.in_flight().delivered(5);
  auto& second = add("a", 0);
  EXPECT_NE(&first, &second);
  EXPECT_FALSE(first.current());
  EXPECT_TRUE(second.current());
  EXPECT_EQ(second.in_flight().last_offset(), -1);
  EXPECT_EQ(assignment.former_in_flight(), 1u);
}

TEST_F(Assigned, ARevocationWaitsForWhatIsInTheSinksHands) {
  auto& reader = add("a", 0);
  reader.in_flight().delivered(1);
  reader.in_flight().handed_out();
  EXPECT_FALSE(assignment.revoke_waits());
  reader.begin_revoke();
  EXPECT_TRUE(assignment.revoke_waits());
  reader.in_flight().taken_back();
  EXPECT_FALSE(assignment.revoke_waits()) << "what waits for its next try does not count";
}

TEST_F(Assigned, AReaderThatHasSomethingInFlightKeepsTheClient) {
  auto& reader = add("a", 0);
  reader.in_flight().delivered(1);
  assignment.drop_all();
  std::weak_ptr<rd_kafka_t> watched = client;
  client.reset();
  EXPECT_FALSE(watched.expired());
  reader.in_flight().released();
  assignment.released(reader);
  EXPECT_TRUE(watched.expired());
}

TEST_F(Assigned, AReasonIsNewOnlyOnce) {
  auto& reader = add("a", 0);
  EXPECT_FALSE(reader.works());
  EXPECT_TRUE(reader.fails("offset lost"));
  EXPECT_FALSE(reader.fails("offset lost"));
  EXPECT_TRUE(reader.fails("forbidden"));
  EXPECT_EQ(reader.error(), "forbidden");
  EXPECT_TRUE(reader.works());
  EXPECT_TRUE(reader.error().empty());
}

}  // namespace
}  // namespace mombridge::kafka
