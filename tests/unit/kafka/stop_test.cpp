// Stopping while the cluster accepts connections and says nothing.

#include <algorithm>
#include <deque>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/fd.hpp"
#include "broker/kafka/broker.hpp"
#include "mock_cluster.hpp"
#include "parts.hpp"

namespace mombridge::kafka {
namespace {

/// Takes connections and reads nothing.
class BlackHole {
 public:
  BlackHole() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_.get(), generic, sizeof address), 0);
    EXPECT_EQ(::listen(listener_.get(), 100), 0);
    socklen_t size = sizeof address;
    ::getsockname(listener_.get(), generic, &size);
    server = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  std::string server;

 private:
  Fd listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
};

/// Sees how long the loops of a broker are busy at the longest.
class BusyWatch {
 public:
  explicit BusyWatch(const Broker& broker)
      : thread_([this, &broker](const std::stop_token& ended) {
          for (; !ended.stop_requested(); std::this_thread::sleep_for(1ms))
            for (auto* loop : broker.loops()) longest_ = std::max(longest_, loop->busy_for());
        }) {}
  Duration stop() {
    thread_.request_stop();
    thread_.join();
    return longest_;
  }

 private:
  Duration longest_{};
  std::jthread thread_;
};

/// A section with many topics, that declares others, and has a reply topic.
config::BrokerSection section_at(const std::string& server) {
  constexpr int kTopics = 40;
  std::vector<test::Entry> subscriptions;
  for (int i = 0; i < kTopics; ++i) subscriptions.push_back({.topic = "t" + std::to_string(i), .start = Start::latest});
  subscriptions.push_back({.topic = "replies"});
  auto settings = make_settings(server, "g", subscriptions);
  settings->subscriptions.back().replies = true;
  for (int i = 0; i < kTopics; ++i) settings->declares.push_back("dead" + std::to_string(i));
  return {.name = "lake", .type = "kafka", .mark = {}, .settings = settings};
}

class Stop : public testing::TestWithParam<Duration> {
 protected:
  void SetUp() override { log::init(log::Level::off, log::Format::text); }
};
INSTANTIATE_TEST_SUITE_P(Patience, Stop, testing::Values(Duration::zero(), 300ms, 1s),
                         [](auto& p) { return std::to_string(p.param / 1ms) + "ms"; });

TEST_P(Stop, KeepsItsPatienceWhileNobodyAnswers) {
  constexpr Duration kMore = 1500ms;  ///< what a loaded machine and the end of the clients may take
  BlackHole nobody;
  auto section = section_at(nobody.server);
  KeepingSink sink;
  auto broker = create(section);
  BusyWatch watch(*broker);
  broker->start(sink);
  std::deque<TestPublication> publications;
  for (int i = 0; i < 50; ++i) broker->publish(publications.emplace_back("to" + std::to_string(i)));
  std::this_thread::sleep_for(500ms);  // questions are under way
  auto began = Clock::now();
  broker->stop(GetParam());
  EXPECT_LT(Clock::now() - began, GetParam() + kMore);
  for (auto& publication : publications) {
    EXPECT_EQ(publication.completions, 1);
    EXPECT_EQ(publication.outcome.kind, Outcome::Kind::away) << publication.outcome.reason;
  }
  EXPECT_LT(watch.stop(), 900ms) << "no loop waited for an answer, which takes a second";
  broker.reset();
  EXPECT_LT(Clock::now() - began, GetParam() + 2 * kMore);
}

// Each topic of which a partition is unknown is a question of its own, which takes a second while nobody answers.
TEST_P(Stop, KeepsItsPatienceBehindManyQuestions) {
  constexpr Duration kMore = 1500ms;
  constexpr int kTopics = 20, kAnHour = 3'600'000;
  MockCluster mock;
  auto settings = make_settings(mock.servers(), "g", {});
  config::BrokerSection section{.name = "lake", .type = "kafka", .mark = {}, .settings = settings};
  KeepingSink sink;
  auto broker = create(section);
  broker->start(sink);
  std::deque<TestPublication> known, unknown;
  for (int i = 0; i < kTopics; ++i) {
    auto topic = "topic" + std::to_string(i);
    mock.create_topic(topic, 1);
    broker->publish(known.emplace_back(topic));
    unknown.emplace_back(topic).partition = 7;
  }
  ASSERT_TRUE(await([&] { return std::ranges::all_of(known, [](auto& p) { return p.completions == 1; }); }));
  BusyWatch watch(*broker);
  rd_kafka_mock_broker_set_rtt(mock.get(), 1, kAnHour);
  for (auto& publication : unknown) broker->publish(publication);
  std::this_thread::sleep_for(100ms);  // the first question is under way
  auto began = Clock::now();
  broker->stop(GetParam());
  EXPECT_LT(Clock::now() - began, GetParam() + kMore);
  for (auto& publication : unknown) {
    EXPECT_EQ(publication.completions, 1);
    EXPECT_EQ(publication.outcome.kind, Outcome::Kind::away) << publication.outcome.reason;
  }
  EXPECT_LT(watch.stop(), 500ms) << "no loop waited for an answer";
}

TEST(StopUnstarted, IsTheSameForABrokerThatWasNeverStarted) {
  auto broker = create(section_at("127.0.0.1:1"));
  auto began = Clock::now();
  broker->stop(10s);
  broker.reset();
  EXPECT_LT(Clock::now() - began, 1s);
}

}  // namespace
}  // namespace mombridge::kafka
