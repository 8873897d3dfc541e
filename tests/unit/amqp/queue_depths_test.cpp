#include "broker/amqp/queue_depths.hpp"

#include <thread>

#include <gmock/gmock.h>

namespace mombridge::amqp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class QueueDepthsTest : public testing::Test {
 protected:
  void make(Duration refused_for = std::chrono::hours(1)) {
    depths.emplace(
        [this](auto& queue) {
          if (connected) asked.push_back(queue);
          return connected;
        },
        [this](auto counted) {
          ++rounds;
          known.clear();
          for (auto& one : counted) known.push_back(one.queue + " " + std::to_string(one.messages));
        },
        refused_for);
  }
  void begin() {
    asked.clear();
    depths->begin({"a", "b"});
  }

  bool connected = true;
  std::vector<std::string> asked, known;
  int rounds = 0;
  std::optional<QueueDepths> depths;
};

TEST_F(QueueDepthsTest, AsksForOneAfterTheOther) {
  make();
  begin();
  EXPECT_THAT(asked, ElementsAre("a"));
  depths->answered("a", 3);
  EXPECT_THAT(asked, ElementsAre("a", "b"));
  EXPECT_EQ(rounds, 0);
  depths->answered("b", 0);
  EXPECT_EQ(rounds, 1);
  EXPECT_THAT(known, ElementsAre("a 3", "b 0"));
}

TEST_F(QueueDepthsTest, WhatIsRefusedIsNotAskedForAgainForAWhile) {
  make(20ms);
  begin();
  depths->answered("a", std::nullopt);
  depths->answered("b", 1);
  EXPECT_THAT(known, ElementsAre("b 1"));
  std::this_thread::sleep_for(21ms);
  begin();
  EXPECT_THAT(asked, ElementsAre("a"));
}

TEST_F(QueueDepthsTest, WhatIsRefusedIsLeftOutUntilThen) {
  make();
  begin();
  depths->answered("a", std::nullopt);
  depths->answered("b", 1);
  begin();
  EXPECT_THAT(asked, ElementsAre("b"));
  depths->answered("b", std::nullopt);
  begin();
  EXPECT_THAT(asked, IsEmpty());
  EXPECT_EQ(rounds, 3);
}

TEST_F(QueueDepthsTest, WithoutAConnectionNothingIsCounted) {
  make();
  connected = false;
  begin();
  EXPECT_EQ(rounds, 0);
  connected = true;
  begin();
  EXPECT_THAT(asked, ElementsAre("a"));
}

TEST_F(QueueDepthsTest, ARoundWhoseConnectionEndedIsBegunAnew) {
  make();
  begin();
  depths->answered("a", 3);
  begin();
  depths->answered("a", 4);
  depths->answered("b", 5);
  EXPECT_THAT(known, ElementsAre("a 4", "b 5"));
}

}  // namespace
}  // namespace mombridge::amqp
