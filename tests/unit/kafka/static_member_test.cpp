// Two members with one group.instance.id.

#include "live.hpp"

namespace mombridge::kafka {
namespace {

class Fenced : public Live {
 protected:
  std::shared_ptr<Settings> member(const std::string& topic) {
    auto s = settings(topic, {{.topic = topic}});
    s->librdkafka.emplace_back("group.instance.id", "one");
    return s;
  }
};

TEST_F(Fenced, TheOneThatIsFencedStaysAwayUntilTheOtherIsGone) {
  auto topic = new_topic();
  auto second = std::make_unique<Node>(member(topic));
  second->await_up();
  auto first = std::make_unique<Node>(member(topic));
  auto detail = second->await(1, LinkStatus::State::failing);
  EXPECT_NE(detail.find("fenced"), std::string::npos) << detail;
  EXPECT_NE(detail.find("group.instance.id"), std::string::npos) << detail;
  (void)first->await(1, LinkStatus::State::up);
  // The other's longest delay is a second, so that it has looked several times.
  for (auto end = Clock::now() + 4s; Clock::now() < end; std::this_thread::sleep_for(20ms)) {
    ASSERT_EQ(to_string(first->broker->status().at(1).state), "up") << first->broker->status().at(1).detail;
    ASSERT_NE(to_string(second->broker->status().at(1).state), "up");
  }
  outbox.publish(*first->broker, topic, "to the one that is in the group");
  ASSERT_TRUE(first->recorder.await_distinct(1));
  first.reset();
  // Its membership ends with its session.
  (void)second->await(1, LinkStatus::State::up);
  outbox.publish(*second->broker, topic, "to the other");
  ASSERT_TRUE(second->recorder.await_distinct(1));
  EXPECT_EQ(second->recorder.bodies().front(), "to the other");
}

TEST_F(Fenced, AQuickRestartOfTheSameGoesOnAtOnce) {
  auto topic = new_topic();
  auto s = member(topic);
  s->librdkafka.emplace_back("session.timeout.ms", "60000");
  {
    Node node(s);
    node.await_up();
  }
  auto began = Clock::now();
  Node node(s);
  node.await_up();
  outbox.publish(*node.broker, topic, "x");
  ASSERT_TRUE(node.recorder.await_distinct(1));
  EXPECT_LT(Clock::now() - began, 50s) << "not only when the session had ended";
}

}  // namespace
}  // namespace mombridge::kafka
