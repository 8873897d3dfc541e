// What a consumer knows of itself in numbers, against librdkafka's own cluster.

#include "broker/kafka/consumer_figures.hpp"

#include <optional>

#include <gmock/gmock.h>

#include "broker/kafka/client.hpp"
#include "broker/kafka/deliveries.hpp"
#include "broker/source/memory_budget.hpp"
#include "mock_cluster.hpp"
#include "parts.hpp"

namespace mombridge::kafka {
namespace {

class ConsumerFiguresTest : public PartTest {
 protected:
  void SetUp() override {
    PartTest::SetUp();
    for (auto* topic : {"t", "x-1", "x-2"}) cluster_.create_topic(topic, 2);
    settings_ = make_settings(cluster_.servers(), "g", {{.topic = "t"}, {.topic = "^x-.*"}});
    char text[256];
    auto* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", cluster_.servers().c_str(), text, sizeof text);
    rd_kafka_conf_set(conf, "group.id", "g", text, sizeof text);
    client_ = share(Client(rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text)));
    on_loop([this] { figures_.emplace(loop, calls, settings_, assignment_); });
  }
  void end() override {
    figures_.reset();
    assignment_.clear();
    client_.reset();
  }
  PartitionReader& read(const PartitionKey& key, std::optional<uint32_t> subscription) {
    Queue queue(rd_kafka_queue_get_partition(client_.get(), key.first.c_str(), key.second));
    assignment_.add(std::make_unique<PartitionReader>(client_, key, subscription, "id", std::move(queue)));
    return *assignment_.find(key);
  }
  /// "TOPIC/PARTITION MESSAGES", once they have been measured.
  std::vector<std::string> lags() {
    figures_->want();
    Figures figures;
    (void)await([&] { return !(figures = figures_->read()).lags.empty(); });
    std::vector<std::string> all;
    for (auto& lag : figures.lags)
      all.push_back(lag.topic + "/" + (lag.partition ? std::to_string(*lag.partition) : "*") + " " +
                    std::to_string(lag.messages));
    return all;
  }

  MockCluster cluster_;
  std::shared_ptr<Settings> settings_;
  SharedClient client_;
  Assignment assignment_;
  std::optional<ConsumerFigures> figures_;
};

TEST_F(ConsumerFiguresTest, ALagIsFromTheFirstThatIsNotDoneToTheEnd) {
  cluster_.fill("t", 0, 0, 10);
  on_loop([this] {
    auto& some = read({"t", 0}, 0);
    auto first = some.in_flight().delivered(2);
    some.in_flight().delivered(3);
    some.in_flight().processed(first);
    read({"t", 1}, 0);  // nothing of it has come, and where it begins is not known
  });
  EXPECT_THAT(lags(), testing::ElementsAre("t/0 7")) << "3 to 9";
}

TEST_F(ConsumerFiguresTest, WithoutADeliveryItIsFromWhereTheReadingBegan) {
  cluster_.fill("t", 1, 0, 10);
  on_loop([this] {
    read({"t", 0}, 0).in_flight().begins_at(0);
    read({"t", 1}, 0).in_flight().begins_at(4);
  });
  EXPECT_THAT(lags(), testing::ElementsAre("t/0 0", "t/1 6"));
}

TEST_F(ConsumerFiguresTest, TheTopicsOfAnExpressionAreOne) {
  cluster_.fill("x-1", 0, 0, 10);
  cluster_.fill("x-2", 1, 0, 5);
  on_loop([this] {
    read({"x-1", 0}, 1).in_flight().begins_at(0);
    read({"x-2", 1}, 1).in_flight().begins_at(2);
    read({"t", 0}, std::nullopt).in_flight().begins_at(0);  // nobody takes it any more
  });
  EXPECT_THAT(lags(), testing::ElementsAre("^x-.*/* 13"));
}

TEST_F(ConsumerFiguresTest, BytesInFlightAreThoseOfTheSubscriptions) {
  Deliveries deliveries(loop, "lake", settings_, {7, 8}, assignment_);
  EXPECT_THAT(source::memory_budget().uses(), testing::ElementsAre(testing::Pair(std::pair("lake", "^x-.*"), 0u),
                                                                   testing::Pair(std::pair("lake", "t"), 0u)));
  figures_->want();
  on_loop([] {});
  EXPECT_TRUE(figures_->read().lags.empty()) << "nothing is assigned";
}

TEST_F(ConsumerFiguresTest, NobodyIsAskedUnlessItIsWanted) {
  on_loop([this] { read({"t", 0}, 0).in_flight().begins_at(0); });
  on_loop([] {});
  EXPECT_TRUE(figures_->read().lags.empty());
}

}  // namespace
}  // namespace mombridge::kafka
