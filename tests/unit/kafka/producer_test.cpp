// What becomes of publications when the brokers, or the client, do not do as they should.

#include <algorithm>
#include <random>
#include <thread>

#include "broker/kafka/empty_polls.hpp"
#include "live.hpp"
#include "mock_cluster.hpp"

namespace mombridge::kafka {
namespace {

constexpr int16_t kProduce = 0;

class Mock : public testing::Test {
 protected:
  void SetUp() override { log::init(log::Level::off, log::Format::text); }
  [[nodiscard]] rd_kafka_mock_cluster_t* cluster() const { return mock.get(); }
  std::shared_ptr<Settings> settings(const std::vector<test::Entry>& subscriptions = {}) {
    return make_settings(mock.servers(), "group", subscriptions);
  }

  MockCluster mock;
  Outbox outbox;
};

TEST_F(Mock, WhatTheBrokerMayTakeLaterIsSentAgain) {
  Node node(settings());
  rd_kafka_mock_push_request_errors(cluster(), kProduce, 3, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                                    RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
  outbox.publish_numbers(*node.broker, "topic", 0, 50);
  ASSERT_ALL_DELIVERED(outbox);
}

// Where nothing waited, this thread of the client's would take a whole core.
TEST_F(Mock, TheClientWaitsForALateAcknowledgement) {
  constexpr int kDelayMs = 100, kMostMessages = 5000;
  Node node(settings());
  outbox.publish(*node.broker, "topic", "first");
  ASSERT_ALL_DELIVERED(outbox);
  rd_kafka_mock_broker_set_rtt(cluster(), 1, kDelayMs);
  auto before = waited_polls();
  // Five messages under way, of one partition, and one more that waits for them.
  for (int i = 0; i < kMostMessages && waited_polls() == before; ++i) {
    outbox.publish_numbers(*node.broker, "topic", i, i + 1);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_GT(waited_polls(), before);
  ASSERT_ALL_DELIVERED(outbox);
}

TEST_F(Mock, WhatTheBrokerWillNeverTakeIsRefusedWithItsReason) {
  Node node(settings());
  // A batch is refused, then the message alone, then, for its size, compressed; a topic's refusal is every message's.
  for (auto [code, times] : {std::pair(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 3),
                             {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1},
                             {RD_KAFKA_RESP_ERR_INVALID_RECORD, 2}}) {
    for (int i = 0; i < times; ++i) rd_kafka_mock_push_request_errors(cluster(), kProduce, 1, code);
    auto before = outbox.completed.value();
    auto& sent = outbox.publish(*node.broker, "topic", "b");
    ASSERT_TRUE(outbox.completed.await(before + 1));
    EXPECT_EQ(sent.outcome.kind, Outcome::Kind::refused) << sent.outcome.reason;
    EXPECT_NE(sent.outcome.reason.find(rd_kafka_err2name(code)), std::string::npos) << sent.outcome.reason;
  }
  outbox.publish(*node.broker, "topic", "after");
  ASSERT_TRUE(outbox.await_all());
  EXPECT_EQ(outbox.with(Outcome::Kind::delivered), 1u);
}

// Kafka 4 refuses what is stamped more than an hour ahead.
TEST_F(Mock, AMessageIsToBlameForItsOwnTimeAndNotForTheClockOfThisMachine) {
  Node node(settings());
  for (std::optional<int64_t> time : {std::optional<int64_t>(), std::optional<int64_t>(1'900'000'000'000)}) {
    for (int i = 0; i < (time ? 2 : 1); ++i)
      rd_kafka_mock_push_request_errors(cluster(), kProduce, 1, RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP);
    auto before = outbox.completed.value();
    OwnMessage message{.body = "b"};
    message.record_time_ms = time;
    auto& sent = outbox.publish(*node.broker, "topic", message);
    ASSERT_TRUE(outbox.completed.await(before + 1));
    EXPECT_EQ(sent.outcome.kind, time ? Outcome::Kind::refused : Outcome::Kind::away) << sent.outcome.reason;
  }
}

TEST_F(Mock, AMessageIsNotRefusedForTheBatchThatItWasIn) {
  auto together = settings();
  together->librdkafka.emplace_back("linger.ms", "200");
  Node node(together);
  node.await_up();
  // The whole, then a half, then a quarter.
  rd_kafka_mock_push_request_errors(cluster(), kProduce, 3, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
                                    RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, RD_KAFKA_RESP_ERR_INVALID_RECORD);
  outbox.publish_numbers(*node.broker, "topic", 0, 100);
  ASSERT_ALL_DELIVERED(outbox);
}

// Sequence numbers that the broker does not know are the end of an idempotent client: another one takes over.
TEST_F(Mock, AClientThatFailedForGoodIsReplacedAndNothingIsLost) {
  Node reader(settings({{.topic = "topic"}}));
  // Each round is one request. A broker refuses what follows a request that it refused, as the sequence numbers have a
  // gap; this one would take it, out of order.
  auto together = settings();
  together->librdkafka.emplace_back("linger.ms", "200");
  Node node(together);
  outbox.publish_numbers(*node.broker, "topic", 0, 10);
  ASSERT_ALL_DELIVERED(outbox);
  for (int round = 1; round <= 3; ++round) {
    rd_kafka_mock_push_request_errors(cluster(), kProduce, 1, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    outbox.publish_numbers(*node.broker, "topic", round * 100, round * 100 + 100);
    ASSERT_ALL_DELIVERED(outbox);
    (void)node.await(0, LinkStatus::State::up);
  }
  ASSERT_TRUE(reader.recorder.await_distinct(310)) << reader.recorder.distinct().size();
  std::vector<int> order;
  for (auto& body : reader.recorder.bodies()) order.push_back(std::stoi(body));
  EXPECT_TRUE(std::ranges::is_sorted(order)) << "in their order, also through another client";
}

TEST_F(Mock, PublicationsWaitWhileAllBrokersAreDown) {
  Node node(settings());
  node.await_up();
  rd_kafka_mock_broker_set_down(cluster(), 1);
  (void)node.await(0, LinkStatus::State::failing);
  outbox.publish_numbers(*node.broker, "topic", 0, 100);
  EXPECT_FALSE(outbox.completed.await(1, kQuiet)) << outbox.complaint();
  rd_kafka_mock_broker_set_up(cluster(), 1);
  ASSERT_ALL_DELIVERED(outbox);
  (void)node.await(0, LinkStatus::State::up);
}

TEST_F(Mock, AnUnknownTopicIsRefusedAndItsNeighbourIsNot) {
  rd_kafka_mock_topic_set_error(cluster(), "missing", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  Node node(settings());
  auto& refused = outbox.publish(*node.broker, "missing", "nowhere");
  auto& delivered = outbox.publish(*node.broker, "topic", "somewhere");
  ASSERT_TRUE(outbox.await_all());
  EXPECT_EQ(refused.outcome.kind, Outcome::Kind::refused);
  EXPECT_NE(refused.outcome.reason.find("auto.create.topics.enable"), std::string::npos) << refused.outcome.reason;
  EXPECT_EQ(delivered.outcome.kind, Outcome::Kind::delivered) << delivered.outcome.reason;
  // It may be made at any time.
  rd_kafka_mock_topic_set_error(cluster(), "missing", RD_KAFKA_RESP_ERR_NO_ERROR);
  for (auto end = Clock::now() + kPatience; Clock::now() < end; std::this_thread::sleep_for(100ms)) {
    auto& again = outbox.publish(*node.broker, "missing", "again");
    ASSERT_TRUE(outbox.await_all());
    if (again.outcome.kind == Outcome::Kind::delivered) return;
  }
  FAIL() << "still refused";
}

TEST_F(Mock, AnUnknownTopicIsNotRefusedWhileNobodyAnswers) {
  rd_kafka_mock_topic_set_error(cluster(), "missing", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  Node node(settings());
  node.await_up();
  outbox.publish(*node.broker, "topic", "known");
  ASSERT_ALL_DELIVERED(outbox);
  rd_kafka_mock_broker_set_down(cluster(), 1);
  outbox.publish(*node.broker, "missing", "waits");
  outbox.publish(*node.broker, "topic", "waits");
  EXPECT_FALSE(outbox.completed.await(2, 4s)) << outbox.complaint();
  rd_kafka_mock_topic_set_error(cluster(), "missing", RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_mock_broker_set_up(cluster(), 1);
  ASSERT_ALL_DELIVERED(outbox);
}

TEST_F(Mock, APartitionThatDoesNotExistIsRefused) {
  Node node(settings());
  auto& known = outbox.publish(*node.broker, "topic", "known");
  auto& sent = outbox.add("topic", {.body = "b"});
  sent.partition = 7;
  node.broker->publish(sent);
  ASSERT_TRUE(outbox.await_all());
  EXPECT_EQ(known.outcome.kind, Outcome::Kind::delivered);
  EXPECT_EQ(sent.outcome.kind, Outcome::Kind::refused);
  EXPECT_NE(sent.outcome.reason.find("no partition 7"), std::string::npos) << sent.outcome.reason;
}

class Produces : public Live {};

// The client's queue is full most of the time, so that most publications go through the backlog.
TEST_F(Produces, OrderIsKeptThroughAFullQueue) {
  constexpr int kThreads = 3, kCount = 3000;
  auto topic = new_topic();
  auto s = settings(topic, {{.topic = topic}});
  s->librdkafka.emplace_back("queue.buffering.max.messages", "50");
  Node node(s);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kCount; ++i) outbox.publish(*node.broker, topic, std::to_string(t) + ":" + std::to_string(i));
    });
  for (auto& thread : threads) thread.join();
  ASSERT_ALL_DELIVERED(outbox);
  ASSERT_TRUE(node.recorder.arrived.await(kThreads * kCount));
  std::map<std::string, int> next;
  for (auto& body : node.recorder.bodies()) {
    auto colon = body.find(':');
    ASSERT_EQ(std::stoi(body.substr(colon + 1)), next[body.substr(0, colon)]++) << body;
  }
}

/// Bytes that no compression makes fewer.
std::string noise(size_t size) {
  std::mt19937 random(1);
  std::string bytes(size, '\0');
  for (auto& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

TEST_F(Produces, WhatTheTopicDoesNotTakeIsRefused) {
  auto topic = unique_name();
  KafkaAdmin(servers).create_topic(topic, 1, "2000");
  Node node(settings(topic, {}));
  auto& large = outbox.publish(*node.broker, topic, noise(5000));
  ASSERT_TRUE(outbox.await_all());
  EXPECT_EQ(large.outcome.kind, Outcome::Kind::refused);
  EXPECT_NE(large.outcome.reason.find("max.message.bytes"), std::string::npos) << large.outcome.reason;
  outbox.publish(*node.broker, topic, "small");
  ASSERT_TRUE(outbox.await_all());
  EXPECT_EQ(outbox.with(Outcome::Kind::delivered), 1u);
}

// What comes in one batch with it, what many small ones are together, and what is published meanwhile, arrives.
TEST_F(Produces, OnlyTheTooLargeIsRefusedAndNotWhatIsInItsBatch) {
  constexpr int kCount = 2000;
  auto narrow = unique_name(), wide = new_topic();
  KafkaAdmin(servers).create_topic(narrow, 1, "20000");
  auto s = settings(narrow, {{.topic = narrow}, {.topic = wide}});
  s->librdkafka.emplace_back("linger.ms", "50");
  Node node(s);
  node.await_up();
  auto small = [](int i) { return std::to_string(i) + std::string(100, ' '); };
  std::thread other([&] {
    for (int i = 0; i < kCount; ++i) outbox.publish(*node.broker, i % 2 ? narrow : wide, small(kCount + i));
  });
  std::vector<conformance::Sent*> large;
  for (int i = 0; i < kCount; ++i) {
    if (i % 500 == 250) large.push_back(&outbox.publish(*node.broker, narrow, noise(30'000)));
    outbox.publish(*node.broker, narrow, small(i));
  }
  other.join();
  ASSERT_TRUE(outbox.await_all());
  for (auto* sent : large) {
    EXPECT_EQ(sent->outcome.kind, Outcome::Kind::refused) << sent->outcome.reason;
    EXPECT_NE(sent->outcome.reason.find("max.message.bytes"), std::string::npos) << sent->outcome.reason;
  }
  EXPECT_EQ(outbox.with(Outcome::Kind::delivered), 2u * kCount);
  EXPECT_TRUE(node.recorder.await_distinct(2 * kCount)) << node.recorder.distinct().size();
  EXPECT_EQ(node.recorder.arrived.value(), 2u * kCount) << "nothing twice";
}

TEST_F(Produces, ThePartitionIsHonoured) {
  auto topic = new_topic(3);
  Node node(settings(topic, {{.topic = topic}}), false);
  auto& sent = outbox.add(topic, {.body = "b", .key = "k"});
  sent.partition = 2;
  node.broker->publish(sent);
  auto held = node.recorder.await_held(1);
  ASSERT_EQ(held.size(), 1u);
  EXPECT_EQ(held[0]->partition, 2);
  EXPECT_EQ(held[0]->offset, 0);
}

}  // namespace
}  // namespace mombridge::kafka
