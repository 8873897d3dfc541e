#include "handler/publish_hold.hpp"

#include <thread>

#include <gmock/gmock.h>

namespace mombridge::handler {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Notes what was published, and leaves it open.
class Notes final : public Broker {
 public:
  Notes() : Broker("local") {}
  void start(Sink&) override {}
  void publish(Publication& publication) noexcept override {
    targets.emplace_back(publication.target);
    publication.completed({});
  }
  void stop_intake() override {}
  void stop(Duration) override {}
  [[nodiscard]] std::vector<LinkStatus> status() const override { return {}; }
  [[nodiscard]] std::vector<const EventLoop*> loops() const override { return {}; }

  std::vector<std::string> targets;
};

struct Noted final : Publication {
  explicit Noted(std::string_view to) { target = to; }
  void completed(Outcome outcome) noexcept override { outcomes.push_back(outcome.kind); }
  std::vector<Outcome::Kind> outcomes;
};

class PublishHoldTest : public testing::Test {
 protected:
  std::shared_ptr<Notes> broker = std::make_shared<Notes>();
  PublishHold hold;
  Noted first{"first"}, second{"second"}, third{"third"};
};

TEST_F(PublishHoldTest, WhatWaitsGoesOutInOrderWhenItIsReleased) {
  hold.publish(broker, first);
  hold.publish(broker, second);
  EXPECT_THAT(broker->targets, IsEmpty());
  hold.release();
  hold.publish(broker, third);
  EXPECT_THAT(broker->targets, ElementsAre("first", "second", "third"));
  EXPECT_THAT(first.outcomes, ElementsAre(Outcome::Kind::delivered));
}

TEST_F(PublishHoldTest, WhatIsDiscardedIsAwayNowAndLater) {
  hold.publish(broker, first);
  hold.discard();
  hold.publish(broker, second);
  EXPECT_THAT(broker->targets, IsEmpty());
  EXPECT_THAT(first.outcomes, ElementsAre(Outcome::Kind::away));
  EXPECT_THAT(second.outcomes, ElementsAre(Outcome::Kind::away));
}

TEST_F(PublishHoldTest, NobodyOvertakesWhatWaits) {
  std::vector<std::string> names(2000);
  std::vector<std::unique_ptr<Noted>> all;
  for (size_t i = 0; i < names.size(); ++i) {
    names[i] = std::to_string(i);
    all.push_back(std::make_unique<Noted>(names[i]));
  }
  std::thread publisher([&] {
    for (auto& publication : all) hold.publish(broker, *publication);
  });
  hold.release();
  publisher.join();
  EXPECT_EQ(broker->targets, names);
}

}  // namespace
}  // namespace mombridge::handler
