#include "broker/amqp/give_back.hpp"

#include <functional>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "base/log.hpp"

namespace mombridge::amqp {
namespace {

using Waiting = GiveBack::Waiting;

class GiveBackTest : public testing::Test, private GiveBack::User {
 protected:
  void make(std::string needs_consumer = "", Duration after = 20ms) {
    give_back_ =
        std::make_unique<GiveBack>(loop, after, std::move(needs_consumer), static_cast<GiveBack::User&>(*this));
  }
  /// Until a callback calls loop.quit().
  void run() {
    auto late = loop.after(60s, [this] {
      ADD_FAILURE() << "nothing happens";
      loop.quit();
    });
    loop.run();
    loop.cancel(late);
  }

  EventLoop loop{"test"};
  std::unique_ptr<GiveBack> give_back_;
  Waiting waiting = Waiting::long_enough;
  size_t checks = 0, given_back = 0;
  std::vector<std::string> kept;
  Duration asked_for{};

  std::function<void()> on_check = [] {}, on_give_back = [] {}, on_keep = [] {};

 private:
  Waiting waiting_since(TimePoint since) override {
    ++checks;
    asked_for = Clock::now() - since;
    auto now = waiting;
    on_check();
    return now;
  }
  void give_back() override {
    ++given_back;
    give_back_->paused();
    on_give_back();
  }
  void keep(const std::string& why) override {
    kept.push_back(why);
    on_keep();
  }
};

TEST_F(GiveBackTest, OnceUntilItReturns) {
  make();
  on_give_back = [this] {
    if (given_back == 2) return loop.quit();
    loop.after(60ms, [this] {
      EXPECT_EQ(given_back, 1u);
      EXPECT_TRUE(give_back_->is_paused());
      give_back_->resumes();
      EXPECT_TRUE(give_back_->is_resuming());
      give_back_->resumed();  // and the destination is away again
    });
  };
  give_back_->watch();
  run();
  EXPECT_GE(asked_for, 20ms);
  EXPECT_TRUE(kept.empty());
}

TEST_F(GiveBackTest, NotForWhatIsOnItsWay) {
  make();
  waiting = Waiting::briefly;
  on_check = [this] {
    if (checks == 8) loop.quit();  // it goes on looking
  };
  give_back_->watch();
  run();
  EXPECT_EQ(given_back, 0u);
}

TEST_F(GiveBackTest, LooksOnlyWhileSomethingIsInFlight) {
  make();
  waiting = Waiting::nothing;
  on_check = [this] {
    if (checks == 2) return loop.quit();
    loop.after(40ms, [this] {
      EXPECT_EQ(checks, 1u);
      give_back_->watch();
    });
  };
  give_back_->watch();
  run();
}

TEST_F(GiveBackTest, AQueueThatNeedsItsConsumerKeepsItAndThatIsSaidOnce) {
  make("the queue is auto_delete");
  EXPECT_TRUE(give_back_->must_keep());
  on_check = [this] {
    if (checks == 6) {
      EXPECT_EQ(kept.size(), 1u);
    }
    waiting = checks == 6 ? Waiting::briefly : Waiting::long_enough;
  };
  on_keep = [this] {
    if (kept.size() == 2) loop.quit();  // they waited briefly in between: it is another time
  };
  give_back_->watch();
  run();
  EXPECT_GT(checks, 6u);
  EXPECT_EQ(given_back, 0u);
  EXPECT_EQ(kept[0], "the queue is auto_delete");
}

TEST_F(GiveBackTest, ZeroKeepsEverything) {
  make("", Duration::zero());
  EXPECT_TRUE(give_back_->must_keep());
}

TEST_F(GiveBackTest, ItsTimerGoesWithIt) {
  make();
  give_back_->watch();
  give_back_.reset();
  loop.after(50ms, [this] { loop.quit(); });
  run();
  EXPECT_EQ(checks, 0u);
}

}  // namespace
}  // namespace mombridge::amqp
