#pragma once
// librdkafka's own cluster in this process, which fails when it is told to.

#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
// Behind rdkafka.h, which it needs and does not include.
#include <librdkafka/rdkafka_mock.h>

namespace mombridge::kafka {

/// Has a topic "topic" with one partition.
class MockCluster {
 public:
  MockCluster() {
    char text[256];
    client_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), text, sizeof text));
    cluster_.reset(rd_kafka_mock_cluster_new(client_.get(), 1));
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
  [[nodiscard]] rd_kafka_mock_cluster_t* get() const { return cluster_.get(); }
  [[nodiscard]] std::string servers() const { return rd_kafka_mock_cluster_bootstraps(get()); }

 private:
  std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)> client_{nullptr, rd_kafka_destroy};
  std::unique_ptr<rd_kafka_mock_cluster_t, decltype(&rd_kafka_mock_cluster_destroy)> cluster_{
      nullptr, rd_kafka_mock_cluster_destroy};
};

}  // namespace mombridge::kafka
