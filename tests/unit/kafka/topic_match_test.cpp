#include "broker/kafka/topic_match.hpp"

#include <gtest/gtest.h>

#include "entry.hpp"

namespace mombridge::kafka {
namespace {

Settings settings(std::vector<std::string> topics) {
  Settings s;
  for (auto& topic : topics) s.subscriptions.push_back(test::Entry{.topic = topic});
  return s;
}

TEST(TopicMatch, TheNameComesBeforeAnyExpression) {
  TopicMatch match(settings({"^orders.*", "orders", "payments"}));
  EXPECT_EQ(match.subscription_of("orders"), 1u);
  EXPECT_EQ(match.subscription_of("orders.new"), 0u);
  EXPECT_EQ(match.subscription_of("payments"), 2u);
}

TEST(TopicMatch, OfSeveralExpressionsTheFirst) {
  TopicMatch match(settings({"^a\\..*", "^a.*", "^.*"}));
  for (int again = 0; again < 2; ++again) {  // the second time from the cache
    EXPECT_EQ(match.subscription_of("a.b"), 0u);
    EXPECT_EQ(match.subscription_of("ab"), 1u);
    EXPECT_EQ(match.subscription_of("c"), 2u);
  }
}

TEST(TopicMatch, FindsNothingForATopicThatNobodyTakes) {
  TopicMatch match(settings({"orders", "^a.*"}));
  EXPECT_EQ(match.find("orders"), 0u);
  EXPECT_EQ(match.find("ab"), 1u);
  EXPECT_FALSE(match.find("b"));
  EXPECT_FALSE(match.subscription_of("b"));
}

TEST(HiddenTopics, AreTheBridgesOwnAndKafkasThatAnExpressionCouldMatch) {
  auto s = settings({"orders"});
  s.own_names = {"mombridge.replies", "mombridge.dead"};
  EXPECT_EQ(hidden_topics(s, TopicMatch(s)), "^__,^mombridge\\.replies$,^mombridge\\.dead$")
      << "a reload may add an expression";
  s = settings({"__consumer_offsets", "mombridge.dead"});
  s.own_names = {"mombridge.dead"};
  EXPECT_EQ(hidden_topics(s, TopicMatch(s)), "") << "named ones can be subscribed to";
  s = settings({"^.*", "mombridge.dead"});
  s.own_names = {"mombridge.replies", "mombridge.dead", "not a, topic"};
  EXPECT_EQ(hidden_topics(s, TopicMatch(s)), "^__,^mombridge\\.replies$") << "a named one can be subscribed to";
  s.librdkafka = {{"topic.blacklist", "^secret"}};
  EXPECT_EQ(hidden_topics(s, TopicMatch(s)), "^__,^mombridge\\.replies$,^secret");
}

}  // namespace
}  // namespace mombridge::kafka
