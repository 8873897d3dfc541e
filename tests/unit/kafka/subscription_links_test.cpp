#include "broker/kafka/subscription_links.hpp"

#include <gtest/gtest.h>

#include "entry.hpp"

namespace mombridge::kafka {
namespace {

class Links : public testing::Test {
 protected:
  static Settings two() {
    Settings s;
    s.group_id = "g";
    s.subscriptions = {test::Entry{.topic = "a"}, test::Entry{.topic = "b"}};
    return s;
  }
  void expect(size_t link, LinkStatus::State state, const std::string& detail) {
    auto status = links.status().at(link);
    EXPECT_EQ(to_string(status.state), to_string(state)) << status.link;
    EXPECT_EQ(status.detail, detail) << status.link;
  }
  Settings settings = two();
  SubscriptionLinks links{"lake", settings};
};

TEST_F(Links, AreUpWhenTheGroupHasGivenOutItsPartitions) {
  expect(0, LinkStatus::State::connecting, "");
  links.positioned(true);
  expect(0, LinkStatus::State::up, "");
  links.positioned(false);
  expect(1, LinkStatus::State::connecting, "");
}

TEST_F(Links, AGroupThatFailsIsEverySubscriptionsUntilItWorks) {
  links.group_fails("may not be joined");
  expect(0, LinkStatus::State::failing, "may not be joined");
  expect(1, LinkStatus::State::failing, "may not be joined");
  links.positioned(true);
  expect(1, LinkStatus::State::up, "");
  links.group_waits("the coordinator is away");
  expect(1, LinkStatus::State::up, "");
  links.group_fails("may not be kept");
  links.group_works();
  expect(1, LinkStatus::State::up, "");
}

TEST_F(Links, ATopicsTroubleIsItsOwn) {
  links.positioned(true);
  EXPECT_TRUE(links.topics({"missing", ""}));
  expect(0, LinkStatus::State::failing, "missing");
  expect(1, LinkStatus::State::up, "");
  EXPECT_FALSE(links.topics({"", ""}));
  expect(0, LinkStatus::State::up, "");
}

TEST_F(Links, APartitionsErrorFailsItAndANoteDoesNot) {
  links.positioned(true);
  links.partitions({"offset lost", ""}, {"", "a transaction stays open"});
  expect(0, LinkStatus::State::failing, "offset lost");
  expect(1, LinkStatus::State::up, "a transaction stays open");
  links.partitions({"", ""}, {"", ""});
  expect(0, LinkStatus::State::up, "");
  expect(1, LinkStatus::State::up, "");
}

TEST_F(Links, OfSubscriptionsThatStayAreAsTheyWere) {
  links.positioned(true);
  links.topics({"missing", ""});
  auto since = links.status().at(1).since;
  Settings next;
  next.group_id = "g";
  next.subscriptions = {test::Entry{.topic = "c"}, test::Entry{.topic = "b"}};
  links.change_to(next);
  links.partitions({"", ""}, {"", ""});
  EXPECT_EQ(links.status().size(), 2u);
  EXPECT_EQ(links.status().at(0).link, "topic c");
  expect(0, LinkStatus::State::connecting, "");
  EXPECT_EQ(links.status().at(1).link, "topic b");
  expect(1, LinkStatus::State::up, "");
  EXPECT_EQ(links.status().at(1).since, since);
  links.positioned(true);
  expect(0, LinkStatus::State::up, "");
}

}  // namespace
}  // namespace mombridge::kafka
