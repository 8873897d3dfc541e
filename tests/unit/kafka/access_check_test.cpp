// What is said of a cluster's answers, which the test gives.

#include "broker/kafka/access_check.hpp"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mombridge::kafka {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr auto kMissing = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
constexpr auto kForbidden = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;

/// A cluster where all topics are there and allowed, but for what the test says.
class Told final : public Inquiry {
 public:
  Code look_up(const std::string& topic) override { return looked_up[topic]; }
  Result<std::vector<std::string>> all_topics() override { return topics; }
  Read try_read(const std::string& of_group, const std::vector<std::string>& asked) override {
    groups.push_back(of_group);
    Read answer{group, {}};
    for (auto& topic : asked) answer.topics.push_back(group ? group : read[topic]);
    return answer;
  }
  Code try_write(const std::string& topic) override {
    tried.push_back(topic);
    return written[topic];
  }
  Result<> try_create(const std::string& topic, const TopicSpec&) override {
    return may_create ? Result<>{} : fail("no (TOPIC_AUTHORIZATION_FAILED) " + topic);
  }
  std::string auto_create() override { return automatic; }

  std::map<std::string, Code> looked_up, read, written;
  Code group = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::vector<std::string> topics, groups, tried;
  bool may_create = true;
  std::string automatic = "false";
};

class KafkaAccessCheck : public testing::Test {
 protected:
  KafkaAccessCheck() { settings.group_id = "bridge"; }
  void subscribe(const std::string& topic, bool replies = false) {
    auto& s = settings.subscriptions.emplace_back();
    s.source = s.topic = topic;
    s.replies = replies;
    s.targets = {"#"};
    if (topic.starts_with('^')) s.expression = std::move(*Expression::compile(topic));
  }
  std::vector<std::string> look(const std::vector<std::optional<std::string>>& targets = {}) {
    std::vector<Sending> sendings;
    for (auto& target : targets) sendings.push_back({.options = nullptr, .target = target});
    std::vector<std::string> lines;
    for (auto& finding : look_around(settings, sendings, told))
      lines.push_back((finding.state == Finding::State::ok        ? "ok "
                       : finding.state == Finding::State::warning ? "warn "
                                                                  : "failed ") +
                      finding.text);
    return lines;
  }

  Settings settings;
  Told told;
};

TEST_F(KafkaAccessCheck, WhatIsThereAndAllowed) {
  subscribe("in");
  subscribe("bridge.replies", true);
  EXPECT_THAT(look({"out", std::nullopt, "out"}),
              ElementsAre("ok group bridge.replies: may be joined", "ok topic bridge.replies: there, may be read",
                          "ok group bridge: may be joined", "ok topic in: there, may be read",
                          "ok topic out: there, may be written to"));
  EXPECT_THAT(told.groups, ElementsAre("bridge.replies", "bridge")) << "the consumers' own";
}

TEST_F(KafkaAccessCheck, WhatMayNotBeRead) {
  subscribe("in");
  told.read["in"] = kForbidden;
  EXPECT_THAT(look()[1], AllOf(StartsWith("failed topic in: there; may not be read: "),
                               HasSubstr("allow the operation Read on topic in (kafka-acls.sh")));
  told.looked_up["in"] = kForbidden;
  EXPECT_THAT(look()[1], AllOf(StartsWith("failed topic in: may not be looked up: "),
                               HasSubstr("allow the operations Describe and Read on topic in")));
}

TEST_F(KafkaAccessCheck, AGroupThatMayNotBeJoined) {
  subscribe("in");
  told.group = RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
  EXPECT_THAT(look(), ElementsAre(AllOf(StartsWith("failed group bridge: it may not be joined: allow the operation "
                                                   "Read on group bridge"),
                                        HasSubstr("GROUP_AUTHORIZATION_FAILED")),
                                  StartsWith("warn topic in: there; not known whether it may be read")));
}

TEST_F(KafkaAccessCheck, ATopicThatIsMissing) {
  subscribe("in");
  told.looked_up["in"] = told.looked_up["out"] = kMissing;
  EXPECT_THAT(look({"out"}),
              ElementsAre("ok group bridge: may be joined",
                          "failed topic in: may be read; not there; make it: kafka-topics.sh --create --topic in",
                          "failed topic out: not there; make it: kafka-topics.sh --create --topic out"));
  told.automatic = "true";
  EXPECT_THAT(look({"out"})[2], StartsWith("warn topic out: not there; the broker makes it"));
  told.automatic = "";
  EXPECT_THAT(look({"out"})[2], AllOf(StartsWith("failed "), HasSubstr("unless the broker makes it by itself")));
  EXPECT_THAT(told.tried, IsEmpty()) << "a topic that is missing might be made by it";
}

TEST_F(KafkaAccessCheck, TopicsThatTheBridgeMakes) {
  subscribe("bridge.replies", true);
  settings.declares = {"bridge.dead"};
  told.looked_up["bridge.replies"] = told.looked_up["bridge.dead"] = kMissing;
  EXPECT_THAT(look({"bridge.dead"}), ElementsAre("ok group bridge.replies: may be joined",
                                                 "ok topic bridge.replies: not there yet, may be created, may be read",
                                                 "ok topic bridge.dead: not there yet, may be created",
                                                 StartsWith("warn topic bridge.dead: made by this bridge")));
  told.may_create = false;
  EXPECT_THAT(look()[2], AllOf(StartsWith("failed topic bridge.dead: not there yet; may not be created: "),
                               HasSubstr("allow the operation Create on topic bridge.dead")));
}

TEST_F(KafkaAccessCheck, WhatMayNotBeWritten) {
  told.written["out"] = kForbidden;
  told.written["odd"] = RD_KAFKA_RESP_ERR__MSG_TIMED_OUT;
  told.looked_up["hidden"] = kForbidden;
  EXPECT_THAT(
      look({"out", "odd", "hidden"}),
      ElementsAre(AllOf(StartsWith("failed topic out: there; may not be written to: "),
                        HasSubstr("allow the operation Write on topic out")),
                  StartsWith("failed topic odd: there; not known whether it may be written to: "),
                  AllOf(StartsWith("failed topic hidden: may not be looked up: "), HasSubstr("Describe and Write"))));
}

TEST_F(KafkaAccessCheck, AnExpressionStandsForWhatItMatchesNow) {
  subscribe("^or.*");
  subscribe("orders.named");
  told.topics = {"orders", "orders.named", "other", "__or"};
  EXPECT_THAT(look(),
              ElementsAre("ok group bridge: may be joined", "ok topic orders: there, matches ^or.*, may be read",
                          "ok topic orders.named: there, may be read"));
  told.topics = {};
  EXPECT_THAT(look()[0], StartsWith("warn topics ^or.*: there is none that"));
}

}  // namespace
}  // namespace mombridge::kafka
