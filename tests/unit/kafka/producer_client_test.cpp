#include "broker/kafka/producer_client.hpp"

#include <algorithm>
#include <optional>

#include "broker/kafka/compressed_retry.hpp"
#include "mock_cluster.hpp"
#include "parts.hpp"

namespace mombridge::kafka {
namespace {

class Produced : public PartTest {
 protected:
  void make(const std::string& servers) {
    settings = make_settings(servers, "g", {});
    on_loop([this] {
      client.emplace(loop, [this] { ++wakes; });
      ASSERT_TRUE(client->make(*settings, producer_properties(*settings)));
    });
  }
  void end() override { client.reset(); }
  rd_kafka_resp_err_t produce(Publication& p, bool alone = false) {
    unsigned dropped = 0;
    return client->produce(p, 0, alone, dropped);
  }
  auto note() {
    return [this](auto& record, auto code) {
      reported.push_back(record);
      codes.push_back(code);
    };
  }
  [[nodiscard]] bool await_reports(size_t count) {
    return turn_until([&] {
      while (auto event = client->next_event())
        if (rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_DR) client->reports(event.get(), note());
      return reported.size() >= count;
    });
  }

  MockCluster mock;
  std::shared_ptr<Settings> settings;
  std::atomic<int> wakes{0};
  std::vector<ProducedRecord> reported;
  std::vector<rd_kafka_resp_err_t> codes;
  std::optional<ProducerClient> client;
};

TEST_F(Produced, EachIsReportedOnOnceAndItsSlotIsUsedAgain) {
  make(mock.servers());
  TestPublication one("topic"), two("topic"), three("topic");
  ASSERT_EQ(produce(one), RD_KAFKA_RESP_ERR_NO_ERROR);
  ASSERT_EQ(produce(two, true), RD_KAFKA_RESP_ERR_NO_ERROR);
  ASSERT_TRUE(await_reports(2));
  ASSERT_EQ(produce(three), RD_KAFKA_RESP_ERR_NO_ERROR);
  ASSERT_TRUE(await_reports(3));
  EXPECT_EQ(reported[0].publication, &one);
  EXPECT_EQ(reported[1].publication, &two);
  EXPECT_FALSE(reported[0].alone);
  EXPECT_TRUE(reported[1].alone);
  EXPECT_LT(reported[0].number, reported[1].number);
  EXPECT_LT(reported[1].number, reported[2].number);
  EXPECT_EQ(client->records(), 0u);
  EXPECT_GT(wakes, 0);
}

TEST_F(Produced, ALargeOneIsAloneInItsBatch) {
  make(mock.servers());
  TestPublication large("topic", std::string(client->limits().batch_size + 1, 'x'));
  ASSERT_EQ(produce(large), RD_KAFKA_RESP_ERR_NO_ERROR);
  ASSERT_TRUE(await_reports(1));
  EXPECT_TRUE(reported[0].alone);
}

TEST_F(Produced, WhatTheClientDoesNotTakeIsNotAmongItsRecords) {
  make(mock.servers());
  TestPublication known("topic"), beyond("topic");
  ASSERT_EQ(produce(known), RD_KAFKA_RESP_ERR_NO_ERROR);
  ASSERT_TRUE(await_reports(1));
  beyond.partition = 7;
  EXPECT_EQ(produce(beyond), RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
  EXPECT_EQ(client->records(), 0u);
}

TEST_F(Produced, AClientThatEndsReportsOnWhatItHadOrGivesItBack) {
  make("127.0.0.1:1");
  std::deque<TestPublication> all;
  for (int i = 0; i < 10; ++i) ASSERT_EQ(produce(all.emplace_back("topic")), RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_EQ(client->records(), 10u);
  on_loop([this] {
    for (auto& record : client->end(5s, note())) reported.push_back(record);
  });
  EXPECT_EQ(client->records(), 0u);
  EXPECT_FALSE(*client);
  ASSERT_EQ(reported.size(), all.size());
  EXPECT_TRUE(std::ranges::none_of(codes, [](auto code) { return code == RD_KAFKA_RESP_ERR_NO_ERROR; }));
  EXPECT_TRUE(await_clients_ended(kPatience));
}

TEST_F(Produced, AnotherClientGoesOnWithTheNumbers) {
  make(mock.servers());
  TestPublication one("topic"), two("topic");
  ASSERT_EQ(produce(one), RD_KAFKA_RESP_ERR_NO_ERROR);
  ASSERT_TRUE(await_reports(1));
  on_loop([this] {
    EXPECT_TRUE(client->end(5s, note()).empty());
    ASSERT_TRUE(client->make(*settings, producer_properties(*settings)));
  });
  ASSERT_EQ(produce(two), RD_KAFKA_RESP_ERR_NO_ERROR);
  ASSERT_TRUE(await_reports(2));
  EXPECT_LT(reported[0].number, reported[1].number);
}

class Compressed : public PartTest {
 protected:
  void make(const std::string& servers) {
    on_loop([&] { retry.emplace("lake", make_settings(servers, "g", {}), loop); });
  }
  void end() override { retry.reset(); }
  MockCluster mock;
  std::optional<CompressedRetry> retry;
};

TEST_F(Compressed, IsSentAndCompletedOnce) {
  make(mock.servers());
  TestPublication one("topic", std::string(100'000, 'x'));
  on_loop([&] {
    EXPECT_TRUE(retry->empty());
    retry->send(one);
    EXPECT_FALSE(retry->empty());
  });
  ASSERT_TRUE(await([&] { return one.completions == 1; }));
  EXPECT_EQ(one.outcome.kind, Outcome::Kind::delivered) << one.outcome.reason;
  on_loop([&] { EXPECT_TRUE(retry->empty()); });
}

TEST_F(Compressed, WhatIsStillTooLargeIsRefused) {
  make(mock.servers());
  rd_kafka_mock_push_request_errors(mock.get(), 0, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  TestPublication one("topic");
  on_loop([&] { retry->send(one); });
  ASSERT_TRUE(await([&] { return one.completions == 1; }));
  EXPECT_EQ(one.outcome.kind, Outcome::Kind::refused);
  EXPECT_EQ(one.outcome.cause, Outcome::Cause::size);
}

TEST_F(Compressed, WhatWasNotDeliveredIsAwayAtTheEnd) {
  make("127.0.0.1:1");
  TestPublication one("topic");
  on_loop([&] {
    retry->send(one);
    retry->end(100ms);
    EXPECT_TRUE(retry->empty());
  });
  EXPECT_EQ(one.completions, 1);
  EXPECT_EQ(one.outcome.kind, Outcome::Kind::away) << one.outcome.reason;
}

}  // namespace
}  // namespace mombridge::kafka
