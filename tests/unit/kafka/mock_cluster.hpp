#pragma once
// librdkafka's own cluster in this process, which fails when it is told to.

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
// Behind rdkafka.h, which it needs and does not include.
#include <librdkafka/rdkafka_mock.h>

namespace mombridge::kafka {

/// Has a topic "topic" with one partition. Its brokers are numbered from 1.
class MockCluster {
 public:
  explicit MockCluster(int brokers = 1) {
    char text[256];
    client_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), text, sizeof text));
    cluster_.reset(rd_kafka_mock_cluster_new(client_.get(), brokers));
    create_topic("topic", 1);
  }
  void create_topic(const std::string& topic, int partitions) {
    EXPECT_EQ(rd_kafka_mock_topic_create(get(), topic.c_str(), partitions, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  /// Numbers from `from` to `to`, without the last, as bodies.
  void fill(const std::string& topic, int partition, int from, int to) {
    char text[256];
    auto* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", servers().c_str(), text, sizeof text);
    std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)> producer(
        rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text), rd_kafka_destroy);
    for (int i = from; i < to; ++i) {
      auto body = std::to_string(i);
      EXPECT_EQ(rd_kafka_producev(producer.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
                                  RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(body.data(), body.size()),
                                  RD_KAFKA_V_END),
                RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    EXPECT_EQ(rd_kafka_flush(producer.get(), 30'000), RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  void lead(const std::string& topic, int partition, int broker) {
    EXPECT_EQ(rd_kafka_mock_partition_set_leader(get(), topic.c_str(), partition, broker), RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  /// The broker says once more of what is fetched from it that it does not have it. The answer takes that long.
  void lose_offset(int broker, std::chrono::milliseconds takes = {}) {
    EXPECT_EQ(rd_kafka_mock_broker_push_request_error_rtts(
                  get(), broker, kFetch, 1, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, static_cast<int>(takes.count())),
              RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  /// Until all that lose_offset() announced is about to be said.
  void await_fetches(int broker) {
    for (size_t waiting = 1; waiting; std::this_thread::sleep_for(std::chrono::milliseconds(1)))
      ASSERT_EQ(rd_kafka_mock_broker_error_stack_cnt(get(), broker, kFetch, &waiting), RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  [[nodiscard]] rd_kafka_mock_cluster_t* get() const { return cluster_.get(); }
  [[nodiscard]] std::string servers() const { return rd_kafka_mock_cluster_bootstraps(get()); }

 private:
  static constexpr int16_t kFetch = 1;  ///< the request's key in the protocol
  std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)> client_{nullptr, rd_kafka_destroy};
  std::unique_ptr<rd_kafka_mock_cluster_t, decltype(&rd_kafka_mock_cluster_destroy)> cluster_{
      nullptr, rd_kafka_mock_cluster_destroy};
};

}  // namespace mombridge::kafka
