#include "broker/blocking_calls.hpp"

#include <atomic>
#include <future>
#include <optional>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "doubles/no_threads.hpp"

namespace mombridge {
namespace {

constexpr Duration kLong = std::chrono::minutes(1);

/// A call that hangs until it is released.
struct Hanging {
  std::promise<void> begun, release;
  Result<int> operator()() {
    begun.set_value();
    release.get_future().wait();
    return 1;
  }
};

class Calls : public testing::Test {
 protected:
  void SetUp() override {
    calls.start();
    loop.start();
  }
  void TearDown() override {
    loop.call([this] { caller.reset(); });
    loop.stop();
  }
  /// Asks on the loop; the answer comes into `answers`.
  template <class Call>
  void ask(Call call, Duration patience = kLong) {
    loop.call([this, call, patience] {
      caller->ask(patience, call, [this](Result<int> answer) {
        answers.push_back(answer ? std::to_string(*answer) : answer.error().text);
        ++answered;
      });
    });
  }
  [[nodiscard]] bool await_answers(int count) const {
    for (auto end = Clock::now() + kLong; answered < count && Clock::now() < end;)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return answered == count;
  }
  std::shared_ptr<Hanging> hang(Duration patience = kLong) {
    auto hanging = std::make_shared<Hanging>();
    ask([hanging](TimePoint) { return (*hanging)(); }, patience);
    hanging->begun.get_future().wait();
    return hanging;
  }

  EventLoop loop{"loop"};
  BlockingCalls calls{"calls"};
  std::optional<BlockingCaller> caller{std::in_place, calls, loop};
  std::vector<std::string> answers;
  std::atomic<int> answered{0};
};

TEST_F(Calls, RunOneAfterTheOtherAndAreAnsweredOnTheLoop) {
  for (int i = 0; i < 3; ++i) ask([i](TimePoint) -> Result<int> { return i; });
  ask([](TimePoint) -> Result<int> { return fail("refused"); });
  ASSERT_TRUE(await_answers(4));
  EXPECT_EQ(answers, (std::vector<std::string>{"0", "1", "2", "refused"}));
}

TEST_F(Calls, GetTheirDeadline) {
  auto before = Clock::now();
  ask([before](TimePoint deadline) -> Result<int> { return deadline >= before + kLong ? 1 : 0; });
  ASSERT_TRUE(await_answers(1));
  EXPECT_EQ(answers[0], "1");
}

TEST_F(Calls, ACallThatHangsIsAnsweredAtItsDeadlineAndItsLateAnswerIsThrownAway) {
  auto hanging = hang(std::chrono::milliseconds(20));
  ASSERT_TRUE(await_answers(1));
  EXPECT_EQ(answers[0], "no answer in time");
  hanging->release.set_value();
  ask([](TimePoint) -> Result<int> { return 2; });
  ASSERT_TRUE(await_answers(2));
  EXPECT_EQ(answers[1], "2");
}

TEST_F(Calls, ACallThatHasNotBegunAtItsDeadlineIsNotMade) {
  auto hanging = hang();
  auto made = std::make_shared<std::atomic<bool>>(false);
  ask([made](TimePoint) -> Result<int> { return *made = true; }, std::chrono::milliseconds(20));
  ASSERT_TRUE(await_answers(1));
  EXPECT_EQ(answers[0], "no answer in time");
  hanging->release.set_value();
  ASSERT_TRUE(await_answers(2));
  EXPECT_FALSE(*made);
}

TEST_F(Calls, CancelDoesNotWaitAndWhatTheCallUsesLivesUntilItIsBack) {
  auto handle = std::make_shared<int>(5);
  std::weak_ptr<int> watched = handle;
  auto hanging = std::make_shared<Hanging>();
  ask([hanging, handle = std::move(handle)](TimePoint) { return (*hanging)(); });
  hanging->begun.get_future().wait();
  loop.call([this] { caller->cancel(); });
  EXPECT_FALSE(watched.expired()) << "the call is under way";
  loop.call([this] { EXPECT_TRUE(caller->idle()); });
  ask([](TimePoint) -> Result<int> { return 2; });
  hanging->release.set_value();
  ASSERT_TRUE(await_answers(1));
  EXPECT_EQ(answers[0], "2") << "the answer to the cancelled call is thrown away";
  EXPECT_TRUE(watched.expired());
}

TEST_F(Calls, TheCallerMayGoWhileItsCallIsUnderWay) {
  auto hanging = hang();
  loop.call([this] { caller.reset(); });
  hanging->release.set_value();
  EXPECT_TRUE(calls.stop(kLong));
  EXPECT_EQ(answered, 0);
}

TEST_F(Calls, StopWaitsNoLongerThanItsPatience) {
  auto hanging = hang();
  auto dropped = std::make_shared<int>();
  ask([dropped](TimePoint) -> Result<int> { return *dropped; });
  EXPECT_FALSE(calls.stop(std::chrono::milliseconds(20)));
  EXPECT_EQ(dropped.use_count(), 1) << "what has not begun is dropped";
  hanging->release.set_value();
  EXPECT_TRUE(calls.stop(kLong));
}

TEST_F(Calls, TheThreadCanBeMadeWithTheFirstUse) {
  BlockingCalls other("other");
  auto made = std::make_shared<std::promise<void>>();
  {
    test::NoThreads none;
    EXPECT_FALSE(other.ensure_started());
  }
  other.add([made] { made->set_value(); });
  EXPECT_TRUE(other.ensure_started());
  EXPECT_TRUE(other.ensure_started());
  EXPECT_EQ(made->get_future().wait_for(kLong), std::future_status::ready);
  EXPECT_TRUE(other.stop(kLong));
  EXPECT_TRUE(other.ensure_started()) << "nobody needs it any more";
}

TEST_F(Calls, TheThreadMayOutliveItsObject) {
  auto other = std::make_unique<BlockingCalls>("other");
  other->start();
  auto hanging = std::make_shared<Hanging>();
  auto begun = hanging->begun.get_future();
  other->add([hanging] { (void)(*hanging)(); });
  begun.wait();
  other.reset();
  hanging->release.set_value();
}

TEST(BlockingCallsStart, ThrowsWhereThereIsNoThread) {
  BlockingCalls calls("test");
  test::NoThreads none;
  EXPECT_THROW(calls.start(), std::runtime_error);
  EXPECT_TRUE(calls.stop(kLong)) << "there is nothing to wait for";
}

}  // namespace
}  // namespace mombridge
