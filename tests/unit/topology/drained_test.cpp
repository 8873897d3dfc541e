#include "topology/drained.hpp"

#include <gmock/gmock.h>

#include "loading_parts.hpp"

namespace mombridge::topology {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Section kShop{Section::Kind::broker, "shop"}, kWide{Section::Kind::route, "wide"},
    kQueue{Section::Kind::route, "queue"}, kNarrow{Section::Kind::route, "narrow"};

class DrainedTest : public testing::Test {
 protected:
  config::Config config = config::test::load_parts(
                              "brokers:\n"
                              "  shop:\n"
                              "    type: amqp\n"
                              "    url: amqp://localhost\n"
                              "    accept_replies: true\n"
                              "    subscribe:\n"
                              "      - {exchange: amq.topic, routing_key: ['a.#']}\n"
                              "      - {exchange: amq.topic, routing_key: ['b.#']}\n"
                              "  lake: {type: kafka, bootstrap_servers: 'localhost:9092'}\n"
                              "unrouted: discard\n"
                              "routes:\n"
                              "  - {name: wide, from: {broker: shop, target: '#'}, to: {broker: lake, target: t}}\n"
                              "  - {name: narrow, from: {broker: shop, target: a.x}, to: {broker: lake, target: t}}\n"
                              "  - {name: queue, from: {broker: shop, queue: q}, to: {broker: lake, target: t}}\n")
                              .config;

  std::vector<std::string> sources(const Section& section) {
    std::vector<std::string> names;
    for (auto& source : sources_of(section, config)) {
      auto& subscription = source.broker->settings->subscription(source.subscription);
      names.push_back(subscription.source + " " + (subscription.targets.empty() ? "" : subscription.targets[0]));
    }
    return names;
  }
  /// Numbers of the paused subscriptions of the broker `shop`.
  std::vector<std::string> paused(const Drained& drained) {
    std::vector<std::string> names;
    auto& shop = *config.broker("shop");
    auto all = drained.paused(shop, config);
    for (size_t i = 0; i < all.size(); ++i)
      if (all[i]) names.push_back(shop.settings->subscription(i).source);
    return names;
  }
};

TEST_F(DrainedTest, ABrokerHasAllItsSourcesButThoseOfReplies) {
  EXPECT_EQ(sources(kShop).size() + 1, config.broker("shop")->settings->subscription_count());
  EXPECT_THAT(routes_beside(kShop, config), ElementsAre("wide", "narrow", "queue"));
  Drained drained;
  EXPECT_TRUE(drained.paused(*config.broker("shop"), config).empty());
  EXPECT_TRUE(drained.add(kShop));
  EXPECT_FALSE(drained.add(kShop));
  EXPECT_THAT(paused(drained), ElementsAre("amq.topic", "amq.topic", "q"));
  EXPECT_TRUE(drained.paused(*config.broker("lake"), config).empty());
}

TEST_F(DrainedTest, ARouteHasTheSourcesThatFeedIt) {
  EXPECT_THAT(sources(kQueue), ElementsAre(testing::StartsWith("q ")));
  EXPECT_THAT(routes_beside(kQueue, config), IsEmpty());
  EXPECT_THAT(sources(kNarrow), ElementsAre("amq.topic a.#"));
  EXPECT_THAT(routes_beside(kNarrow, config), ElementsAre("wide"));
  EXPECT_THAT(sources(kWide), ElementsAre("amq.topic a.#", "amq.topic b.#"));
  EXPECT_THAT(routes_beside(kWide, config), ElementsAre("narrow"));
}

TEST_F(DrainedTest, WhatTwoSectionsDrainGoesOnWhenBothAreResumed) {
  Drained drained;
  drained.add(kWide);
  drained.add(kNarrow);
  EXPECT_TRUE(drained.remove(kWide));
  EXPECT_FALSE(drained.remove(kWide));
  EXPECT_THAT(paused(drained), ElementsAre("amq.topic"));
  drained.remove(kNarrow);
  EXPECT_TRUE(drained.paused(*config.broker("shop"), config).empty());
}

TEST_F(DrainedTest, WhatTheConfigurationHasNotIsForgotten) {
  Drained drained;
  drained.add(kQueue);
  drained.add({Section::Kind::route, "gone"});
  drained.add({Section::Kind::broker, "queue"});
  drained.keep_those_of(config);
  EXPECT_THAT(drained.sections(), ElementsAre(kQueue));
  EXPECT_EQ(kQueue.text(), "route queue");
}

}  // namespace
}  // namespace mombridge::topology
