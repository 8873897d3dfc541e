// What is asked of a cluster, and what is made of the answers: its reachability, missing topics, unknown topics.

#include <optional>

#include "broker/kafka/client.hpp"
#include "broker/kafka/cluster_link.hpp"
#include "broker/kafka/topic_watch.hpp"
#include "broker/kafka/unknown_topics.hpp"
#include "mock_cluster.hpp"
#include "parts.hpp"

namespace mombridge::kafka {
namespace {

class Asks : public PartTest {
 protected:
  void SetUp() override {
    PartTest::SetUp();
    settings = make_settings(mock.servers(), "group", {{.topic = "topic"}, {.topic = "other"}, {.topic = "^any.*"}});
    client = new_client(mock.servers());
  }
  void TearDown() override {
    PartTest::TearDown();
    client.reset();
    calls.stop(kPatience);
    EXPECT_TRUE(await_clients_ended(kPatience));
  }
  static SharedClient new_client(const std::string& servers) {
    auto own = make_settings(servers, "g", {});
    auto made = make_client(RD_KAFKA_PRODUCER, *own, producer_properties(*own), ClientLog::silent);
    EXPECT_TRUE(made);
    return share(std::move(*made));
  }
  MockCluster mock;
  std::shared_ptr<Settings> settings;
  SharedClient client;
};

class Link : public Asks {
 protected:
  void SetUp() override {
    Asks::SetUp();
    on_loop([this] {
      settings->reconnect_delay = settings->reconnect_delay_max = 1ms;
      link.emplace(loop, calls, "lake", "publisher", *settings, [this] { ++opens; });
      link->start();
    });
  }
  void end() override { link.reset(); }
  [[nodiscard]] std::string state() { return std::string(to_string(link->status().state)); }
  std::atomic<int> opens{0};
  std::optional<ClusterLink> link;
};

TEST_F(Link, IsUpWhenTheClusterHasAnsweredAndOpensAgainWhenItIsLost) {
  EXPECT_EQ(opens, 1);
  on_loop([this] { link->reached(); });
  EXPECT_EQ(state(), "up");
  on_loop([this] { link->lost("no answer"); });
  EXPECT_EQ(state(), "failing");
  EXPECT_EQ(link->status().detail, "no answer");
  on_loop([this] { EXPECT_FALSE(link->is_reached()); });
  EXPECT_TRUE(await([this] { return opens == 2; }));
}

TEST_F(Link, IsLostForTheReasonThatTheClientGaveLast) {
  on_loop([this] {
    EXPECT_TRUE(link->note(client.get(), RD_KAFKA_RESP_ERR__AUTHENTICATION, "k1:9092/1: SASL authentication failed"));
    EXPECT_FALSE(link->note(client.get(), RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down"));
    link->lost("1/1 brokers are down");
  });
  EXPECT_NE(link->status().detail.find("SASL authentication failed"), std::string::npos) << link->status().detail;
}

TEST_F(Link, ADoubtEndsWhenTheClusterAnswers) {
  on_loop([this] {
    link->reached();
    link->doubt(client);
    EXPECT_TRUE(link->in_doubt());
  });
  ASSERT_TRUE(turn_until([this] { return !link->in_doubt(); }));
  EXPECT_EQ(state(), "up");
}

TEST_F(Link, ADoubtThatIsTrueLosesIt) {
  auto nobody = new_client("127.0.0.1:1");
  on_loop([&] {
    link->reached();
    link->doubt(nobody);
  });
  ASSERT_TRUE(await([this] { return state() == "failing"; }));
}

class Watches : public Asks {
 protected:
  void SetUp() override {
    Asks::SetUp();
    mock.create_topic("other", 1);
    on_loop([this] {
      links.emplace("lake", *settings);
      links->positioned(true);
      watch.emplace(loop, calls, settings, *links);
    });
  }
  void end() override {
    watch.reset();
    links.reset();
  }
  [[nodiscard]] std::string state(size_t topic) { return std::string(to_string(links->status().at(topic).state)); }
  std::optional<SubscriptionLinks> links;
  std::optional<TopicWatch> watch;
};

TEST_F(Watches, ATopicThatIsMissingFailsAloneUntilItIsThere) {
  rd_kafka_mock_topic_set_error(mock.get(), "other", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  on_loop([this] { watch->look(client); });
  ASSERT_TRUE(await([this] { return state(1) == "failing"; }));
  EXPECT_NE(links->status()[1].detail.find("allow the operations Describe and Read on topic other"), std::string::npos);
  EXPECT_EQ(state(0), "up");
  EXPECT_EQ(state(2), "up") << "an expression misses nothing";
  rd_kafka_mock_topic_set_error(mock.get(), "other", RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_TRUE(await([this] { return state(1) == "up"; })) << "it is looked at again";
}

TEST_F(Watches, LetsGoOfTheClientWhenNothingIsMissing) {
  on_loop([this] { watch->look(client); });
  EXPECT_TRUE(await([this] { return client.use_count() == 1; }));
}

TEST_F(Watches, StopDoesNotWaitForTheAnswer) {
  auto nobody = new_client("127.0.0.1:1");
  auto began = Clock::now();
  on_loop([&] {
    watch->look(nobody);
    watch->stop();
  });
  EXPECT_LT(Clock::now() - began, 500ms);
  EXPECT_TRUE(await([&] { return nobody.use_count() == 1; }));
}

class Unknown : public Asks {
 protected:
  void SetUp() override {
    Asks::SetUp();
    on_loop([this] {
      topics.emplace(loop, calls, "User:bridge", [this](Publication& p) { found.push_back(&p); });
      topics->use(client);
    });
  }
  void end() override { topics.reset(); }
  [[nodiscard]] bool await_found(size_t count) {
    return turn_until([&] {
      topics->take_posted();
      return found.size() == count;
    });
  }
  std::vector<Publication*> found;
  std::optional<UnknownTopics> topics;
};

TEST_F(Unknown, WhatExistsAfterAllIsHandedBack) {
  TestPublication one("topic"), two("topic");
  topics->post(one);
  topics->post(two);
  ASSERT_TRUE(await_found(2));
  EXPECT_EQ(found, (std::vector<Publication*>{&one, &two}));
  on_loop([this] { EXPECT_TRUE(topics->empty()); });
}

TEST_F(Unknown, WhatDoesNotExistIsRefusedWithWhatToDo) {
  rd_kafka_mock_topic_set_error(mock.get(), "missing", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  TestPublication one("missing"), beyond("topic");
  beyond.partition = 7;
  on_loop([&] {
    topics->add(one);
    topics->add(beyond);
  });
  ASSERT_TRUE(await([&] { return one.completions == 1 && beyond.completions == 1; }));
  EXPECT_NE(one.outcome.reason.find("auto.create.topics.enable"), std::string::npos) << one.outcome.reason;
  EXPECT_NE(beyond.outcome.reason.find("no partition 7"), std::string::npos) << beyond.outcome.reason;
}

// An answer that was on its way when the client went does not come.
TEST_F(Unknown, IsAskedAgainWithTheNextClient) {
  TestPublication one("topic");
  on_loop([&] {
    topics->add(one);
    topics->use(nullptr);
    EXPECT_FALSE(topics->empty());
    topics->use(client);
  });
  ASSERT_TRUE(await_found(1));
}

TEST_F(Unknown, AllThatIsKeptCanBeTakenBack) {
  TestPublication one("topic"), two("topic"), three("other");
  on_loop([&] {
    topics->use(nullptr);
    topics->add(one);
    topics->add(three);
    topics->post(two);
    EXPECT_EQ(topics->take().size(), 3u);
    EXPECT_TRUE(topics->empty());
  });
  EXPECT_EQ(one.completions + two.completions + three.completions, 0);
}

}  // namespace
}  // namespace mombridge::kafka
