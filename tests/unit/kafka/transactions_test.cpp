// What nobody gets, committed or not, and what keeps others from being delivered.

#include <optional>

#include "broker/kafka/handles.hpp"
#include "live.hpp"

namespace mombridge::kafka {
namespace {

/// A producer of its own, with transactions, which the bridge's has not.
class Transactions {
 public:
  Transactions(const std::string& servers, const std::string& id) {
    char text[256];
    Conf conf(rd_kafka_conf_new());
    rd_kafka_conf_set(conf.get(), "bootstrap.servers", servers.c_str(), text, sizeof text);
    rd_kafka_conf_set(conf.get(), "transactional.id", id.c_str(), text, sizeof text);
    client_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf.release(), text, sizeof text));
    check(rd_kafka_init_transactions(client_.get(), kMs));
  }
  void begin() { check(rd_kafka_begin_transaction(client_.get())); }
  void commit() { check(rd_kafka_commit_transaction(client_.get(), kMs)); }
  void abort() { check(rd_kafka_abort_transaction(client_.get(), kMs)); }
  void produce(const std::string& topic, int count) {
    for (int i = 0; i < count; ++i) {
      auto body = std::to_string(i);
      EXPECT_EQ(
          rd_kafka_producev(client_.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                            RD_KAFKA_V_VALUE(body.data(), body.size()), RD_KAFKA_V_END),
          RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    EXPECT_EQ(rd_kafka_flush(client_.get(), kMs), RD_KAFKA_RESP_ERR_NO_ERROR);
  }

 private:
  static constexpr int kMs = 60'000;
  static void check(rd_kafka_error_t* error) {
    ClientError owned(error);
    EXPECT_FALSE(owned) << rd_kafka_error_string(owned.get());
  }
  Client client_;
};

class Transaction : public Live {
 protected:
  [[nodiscard]] bool await_committed(const std::string& topic, int64_t offset) const {
    KafkaAdmin admin(servers, topic);
    for (auto end = Clock::now() + kPatience; Clock::now() < end; std::this_thread::sleep_for(100ms))
      if (admin.committed(topic, 1)[0] == offset) return true;
    return false;
  }
};

TEST_F(Transaction, TheCommittedOffsetGoesPastMarkersAndAbortedRecords) {
  auto topic = new_topic();
  Node node(settings(topic, {{.topic = topic}}));
  node.await_up();
  Transactions producer(servers, topic);
  producer.begin();
  producer.produce(topic, 10);
  producer.commit();  // a marker at 10
  producer.begin();
  producer.produce(topic, 5);
  producer.abort();  // a marker at 16
  ASSERT_TRUE(node.recorder.await_distinct(10));
  EXPECT_TRUE(await_committed(topic, 17));
  EXPECT_EQ(node.recorder.arrived.value(), 10u);
}

TEST_F(Transaction, WhatIsNotSettledKeepsTheOffsetBeforeTheMarkers) {
  auto topic = new_topic();
  Node node(settings(topic, {{.topic = topic}}), false);
  node.await_up();
  Transactions producer(servers, topic);
  producer.begin();
  producer.produce(topic, 2);
  producer.commit();
  auto held = node.recorder.await_held(2);
  ASSERT_EQ(held.size(), 2u);
  settle(std::move(held[0]), Settlement::accept);
  EXPECT_TRUE(await_committed(topic, 1));
  std::this_thread::sleep_for(2s);  // the end of the partition has been seen
  EXPECT_EQ(KafkaAdmin(servers, topic).committed(topic, 1)[0], 1);
  settle(std::move(held[1]), Settlement::accept);
  EXPECT_TRUE(await_committed(topic, 3));
}

TEST_F(Transaction, OneThatStaysOpenIsShownUntilItEnds) {
  auto topic = new_topic();
  Node node(settings(topic, {{.topic = topic}}));
  node.await_up();
  publish(topic, 0, 1);
  Transactions producer(servers, topic);
  producer.begin();
  producer.produce(topic, 1);
  publish(topic, 1, 2);
  auto await_detail = [&](bool shown) {
    LinkStatus link;
    for (auto end = Clock::now() + kPatience; Clock::now() < end; std::this_thread::sleep_for(50ms)) {
      link = node.broker->status().at(1);
      if (link.detail.empty() != shown) break;
    }
    EXPECT_EQ(to_string(link.state), "up");
    return link.detail;
  };
  auto detail = await_detail(true);
  EXPECT_NE(detail.find(topic + " partition 0 stands at offset 1"), std::string::npos) << detail;
  EXPECT_NE(detail.find("find-hanging"), std::string::npos) << detail;
  EXPECT_EQ(node.recorder.arrived.value(), 1u);
  producer.abort();
  EXPECT_TRUE(node.recorder.await_distinct(2));
  EXPECT_EQ(await_detail(false), "");
}

}  // namespace
}  // namespace mombridge::kafka
