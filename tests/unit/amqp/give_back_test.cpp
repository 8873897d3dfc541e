#include "broker/amqp/give_back.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "base/log.hpp"

namespace mombridge::amqp {
namespace {

using Waiting = GiveBack::Waiting;

class GiveBackTest : public testing::Test, private GiveBack::User {
 protected:
  void make(std::string needs_consumer = "", Duration after = 20ms) {
    give_back_ = std::make_unique<GiveBack>(loop, after, std::move(needs_consumer), *this);
  }
  void run_for(Duration time) {
    loop.after(time, [this] { loop.quit(); });
    loop.run();
  }

  EventLoop loop{"test"};
  std::unique_ptr<GiveBack> give_back_;
  Waiting waiting = Waiting::long_enough;
  size_t looks = 0, given_back = 0;
  std::vector<std::string> kept;
  Duration asked_for{};

 private:
  Waiting waiting_since(TimePoint since) override {
    ++looks;
    asked_for = Clock::now() - since;
    return waiting;
  }
  void give_back() override {
    ++given_back;
    give_back_->left();
  }
  void keep(const std::string& why) override { kept.push_back(why); }
};

TEST_F(GiveBackTest, OnceUntilItReturns) {
  make();
  give_back_->watch();
  run_for(100ms);
  EXPECT_EQ(given_back, 1u);
  EXPECT_GE(asked_for, 20ms);
  EXPECT_TRUE(give_back_->is_left());
  give_back_->returns();
  EXPECT_TRUE(give_back_->is_returning());
  give_back_->returned();
  run_for(100ms);
  EXPECT_EQ(given_back, 2u) << "the destination is away again";
  EXPECT_TRUE(kept.empty());
}

TEST_F(GiveBackTest, NotBeforeTheTimeAndNotForWhatIsOnItsWay) {
  make();
  waiting = Waiting::briefly;
  give_back_->watch();
  run_for(60ms);
  EXPECT_EQ(given_back, 0u);
  EXPECT_GT(looks, 1u) << "it goes on looking";
}

TEST_F(GiveBackTest, LooksOnlyWhileSomethingIsInFlight) {
  make();
  waiting = Waiting::nothing;
  give_back_->watch();
  run_for(60ms);
  EXPECT_EQ(looks, 1u);
  give_back_->watch();
  run_for(60ms);
  EXPECT_EQ(looks, 2u);
}

TEST_F(GiveBackTest, AQueueThatNeedsItsConsumerKeepsItAndThatIsSaidOnce) {
  make("the queue is auto_delete");
  EXPECT_TRUE(give_back_->must_keep());
  give_back_->watch();
  run_for(100ms);
  EXPECT_EQ(given_back, 0u);
  EXPECT_EQ(kept, std::vector<std::string>{"the queue is auto_delete"});
  waiting = Waiting::briefly;
  run_for(30ms);
  waiting = Waiting::long_enough;
  run_for(30ms);
  EXPECT_EQ(kept.size(), 2u) << "it is another time";
}

TEST_F(GiveBackTest, ZeroKeepsEverything) {
  make("", Duration::zero());
  EXPECT_TRUE(give_back_->must_keep());
}

TEST_F(GiveBackTest, ItsTimerGoesWithIt) {
  make();
  give_back_->watch();
  give_back_.reset();
  run_for(50ms);
  EXPECT_EQ(looks, 0u);
}

}  // namespace
}  // namespace mombridge::amqp
