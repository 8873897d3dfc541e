// Who is believed when an offset is said to be gone.

#include "broker/kafka/lost_offsets.hpp"

#include <optional>

#include "broker/kafka/consumer.hpp"
#include "mock_cluster.hpp"
#include "parts.hpp"

namespace mombridge::kafka {
namespace {

TEST(BrokerIn, IsTheOneThatTheClientNames) {
  EXPECT_EQ(broker_in("fetch failed: Broker: Offset out of range (broker 12)"), 12);
  EXPECT_EQ(broker_in("(broker 1) and then (broker 2)"), 2);
  for (auto* words :
       {"", "Broker: Offset out of range", "(broker )", "(broker 3", "(broker x)", "(broker 99999999999)"})
    EXPECT_EQ(broker_in(words), -1) << words;
}

/// A consumer of a cluster of three whose partition broker 1 leads, in the beginning.
class OutOfRange : public PartTest {
 protected:
  void SetUp() override {
    PartTest::SetUp();
    mock.lead("topic", 0, 1);
    mock.fill("topic", 0, 0, 3);
    settings = make_settings(mock.servers(), "group", {{.topic = "topic"}});
    settings->reconnect_delay = settings->reconnect_delay_max = 10ms;
    // A client that is made anew waits for the end of the former one's session.
    settings->librdkafka = {{"session.timeout.ms", "5000"}, {"heartbeat.interval.ms", "500"}};
    consumer.emplace("lake", *settings, Consumer::Part::ordinary, calls, calls);
    consumer->start(sink, true);
    ASSERT_TRUE(await_count(3));
  }
  void TearDown() override {
    consumer.reset();
    PartTest::TearDown();
  }
  bool await_count(size_t count) {
    return await([&] { return sink.count >= count; }, 3 * kPatience);
  }
  bool await_state(LinkStatus::State state) {
    return await([&] { return consumer->status().at(0).state == state; });
  }

  /// Settles all at once.
  struct CountingSink final : Sink {
    void receive(DeliveryHandle delivery) noexcept override {
      settle(std::move(delivery), Settlement::accept);
      ++count;
    }
    std::atomic<size_t> count{0};
  };
  MockCluster mock{3};
  std::shared_ptr<Settings> settings;
  CountingSink sink;
  std::optional<Consumer> consumer;
};

TEST_F(OutOfRange, ByTheLeaderIsTrue) {
  // More than one, because the client throws an answer away that comes while it takes its partitions anew.
  for (int i = 0; i < 5; ++i) mock.lose_offset(1);
  ASSERT_TRUE(await_state(LinkStatus::State::failing));
  auto detail = consumer->status().at(0).detail;
  EXPECT_NE(detail.find("no longer has the offset where topic partition 0 would go on"), std::string::npos) << detail;
}

TEST_F(OutOfRange, ByOneThatLeadsNoLongerIsNotBelieved) {
  mock.lose_offset(1, 500ms);
  mock.await_fetches(1);
  mock.lead("topic", 0, 2);  // before it has said so
  mock.fill("topic", 0, 3, 5);
  EXPECT_TRUE(await_count(5));
  EXPECT_TRUE(await_state(LinkStatus::State::up));
}

}  // namespace
}  // namespace mombridge::kafka
