// A token bucket, and who waits for its tokens, with a clock that the test moves.

#include "routing/rate_limit.hpp"

#include <functional>
#include <memory>
#include <thread>

#include <gmock/gmock.h>

#include "fake_queue.hpp"

namespace mombridge::routing::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

int taken(TokenBucket& bucket, TimePoint now) {
  int count = 0;
  while (bucket.take(now)) ++count;
  return count;
}

TEST(TokenBucket, HoldsATenthOfASecond) {
  auto now = TimePoint{} + 1h;
  TokenBucket bucket({200, 1s});
  EXPECT_EQ(taken(bucket, now), 20);
  EXPECT_EQ(bucket.wait(now), 5ms);
  EXPECT_EQ(taken(bucket, now + 4ms), 0);
  EXPECT_EQ(taken(bucket, now + 5ms), 1);
  EXPECT_EQ(taken(bucket, now + 50ms), 9);
  EXPECT_EQ(taken(bucket, now + 1h), 20) << "no more is saved";
}

TEST(TokenBucket, HoldsOneTokenAtLeast) {
  auto now = TimePoint{};
  TokenBucket bucket({2, 1h});
  EXPECT_EQ(taken(bucket, now), 1);
  EXPECT_EQ(bucket.wait(now), 30min);
  EXPECT_EQ(taken(bucket, now + 29min), 0);
  EXPECT_EQ(taken(bucket, now + 30min), 1);
  EXPECT_EQ(taken(bucket, now + 5h), 1);
}

TEST(TokenBucket, KeepsItsRateWhereItIsAskedLate) {
  auto now = TimePoint{} + 1h;
  TokenBucket bucket({1000, 1s});
  int count = taken(bucket, now);
  for (int i = 0; i < 100; ++i) count += taken(bucket, now += 7ms + std::chrono::microseconds(i));
  EXPECT_EQ(count, 100 + 704);
}

TEST(TokenBucket, GoesOnAtAnotherRateWithWhatItHas) {
  auto now = TimePoint{} + 1h;
  TokenBucket bucket({200, 1s});
  EXPECT_EQ(taken(bucket, now), 20);
  bucket.change({1000, 1s}, now);
  EXPECT_EQ(taken(bucket, now), 0) << "a change brings no token";
  EXPECT_EQ(taken(bucket, now + 10ms), 10);
  bucket.change({1, 1h}, now + 10ms);
  EXPECT_EQ(taken(bucket, now + 10ms), 0);
  EXPECT_EQ(taken(bucket, now + 1h), 1);
  bucket.change({10, 1s}, now + 1h);
  EXPECT_EQ(bucket.wait(now + 1h), 100ms) << "not in an hour";
}

class RateLimitTest : public testing::Test {
 protected:
  struct Message final : RateLimit::Waiting {
    explicit Message(RateLimitTest& t, int n) : test(t), number(n) {}
    void retry() noexcept override {
      if (then) then();
      test.gone.push_back(number);
    }
    void give_back() noexcept override { test.returned.push_back(number); }
    [[nodiscard]] bool wanted() const noexcept override { return is_wanted; }
    [[nodiscard]] bool returnable() const noexcept override { return is_returnable; }
    RateLimitTest& test;
    int number;
    bool is_wanted = true, is_returnable = false;
    std::function<void()> then;
  };

  Message& message() {
    messages.push_back(std::make_unique<Message>(*this, static_cast<int>(messages.size())));
    return *messages.back();
  }
  Message& send(bool takes_token = true) { return send(message(), takes_token); }
  Message& send(Message& one, bool takes_token = true) {
    if (limit->admit(one, takes_token, queue)) gone.push_back(one.number);
    return one;
  }

  FakeQueue queue;
  std::shared_ptr<RateLimit> limit = std::make_shared<RateLimit>(config::Rate{10, 1s});
  std::vector<std::unique_ptr<Message>> messages;
  std::vector<int> gone, returned;
};

TEST_F(RateLimitTest, HandsOutInTurnAndAtTheRate) {
  for (int i = 0; i < 4; ++i) send();
  EXPECT_THAT(gone, ElementsAre(0));
  EXPECT_TRUE(limit->limiting());
  queue.advance(99ms);
  EXPECT_THAT(gone, ElementsAre(0));
  queue.advance(1ms);
  EXPECT_THAT(gone, ElementsAre(0, 1));
  send();
  queue.advance(100ms);
  queue.advance(100ms);
  EXPECT_THAT(gone, ElementsAre(0, 1, 2, 3));
  EXPECT_TRUE(limit->limiting());
  queue.advance(100ms);
  EXPECT_THAT(gone, ElementsAre(0, 1, 2, 3, 4));
  EXPECT_FALSE(limit->limiting());
  EXPECT_TRUE(queue.empty()) << "nothing wakes where nothing waits";
  EXPECT_THAT(returned, IsEmpty());
}

TEST_F(RateLimitTest, NobodyOvertakesWhoWaits) {
  send();
  // While the turn of the second is handed out, a third comes and there would be a token for it.
  auto& second = send();
  auto& third = message();
  second.then = [&] {
    queue.advance(1s);
    send(third);
    EXPECT_THAT(gone, ElementsAre(0));
  };
  queue.advance(100ms);
  EXPECT_THAT(gone, ElementsAre(0, 1, 2));
}

TEST_F(RateLimitTest, SomeGoWithTheOneBeforeThem) {
  send();
  send(false);
  EXPECT_THAT(gone, ElementsAre(0, 1));
  send();
  send(false);
  send(false);
  send();
  queue.advance(100ms);
  EXPECT_THAT(gone, ElementsAre(0, 1, 2, 3, 4));
  queue.advance(100ms);
  EXPECT_THAT(gone, ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST_F(RateLimitTest, WhatIsNotWantedAnyMoreCostsNoTokenAndMakesRoom) {
  send();
  auto& stale = send();
  auto& also_stale = send();
  auto& good = send();
  stale.is_wanted = also_stale.is_wanted = false;
  send();
  EXPECT_THAT(gone, ElementsAre(0, 1, 2)) << "as soon as another one comes";
  EXPECT_TRUE(good.is_wanted);
  queue.advance(100ms);
  EXPECT_THAT(gone, ElementsAre(0, 1, 2, 3));
  queue.advance(100ms);
  EXPECT_THAT(gone, ElementsAre(0, 1, 2, 3, 4));
}

TEST_F(RateLimitTest, ADrainGivesBackWhatComesAgainOnce) {
  send();
  auto& one = send();
  send();
  auto& other = send();
  one.is_returnable = other.is_returnable = true;
  queue.drain();
  EXPECT_THAT(returned, ElementsAre(1, 3));
  EXPECT_THAT(gone, ElementsAre(0));
  auto& late = message();
  late.is_returnable = true;
  send(late);
  EXPECT_THAT(returned, ElementsAre(1, 3, 4));
  queue.advance(100ms);
  EXPECT_THAT(gone, ElementsAre(0, 2)) << "at the rate";
  EXPECT_FALSE(limit->limiting());
}

TEST_F(RateLimitTest, AStopGivesBackAll) {
  for (int i = 0; i < 3; ++i) send();
  queue.stop();
  EXPECT_THAT(returned, ElementsAre(1, 2));
  EXPECT_FALSE(limit->limiting());
  queue.advance(1h);
  send();
  EXPECT_THAT(returned, ElementsAre(1, 2, 3)) << "and what comes then";
}

TEST_F(RateLimitTest, AnotherRateHoldsAtOnceAlsoForWhatWaits) {
  limit = std::make_shared<RateLimit>(config::Rate{1, 1h});
  for (int i = 0; i < 5; ++i) send();
  EXPECT_THAT(gone, ElementsAre(0));
  limit->change(config::Rate{10, 1s});
  EXPECT_THAT(gone, ElementsAre(0)) << "a change brings no token";
  queue.advance(100ms);
  EXPECT_THAT(gone, ElementsAre(0, 1));
  limit->change(config::Rate{1, 1h});
  queue.advance(100ms);
  EXPECT_THAT(gone, ElementsAre(0, 1, 2)) << "the token that was to come next";
  queue.advance(59min);
  EXPECT_THAT(gone, ElementsAre(0, 1, 2));
  limit->change(config::Rate{20, 1s});
  queue.advance(50ms);
  EXPECT_THAT(gone, ElementsAre(0, 1, 2, 3));
  send();
  queue.advance(1h);
  EXPECT_THAT(gone, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_TRUE(queue.empty()) << "nor does a timer of an earlier rate stay for ever";
}

TEST_F(RateLimitTest, ATimerThatAChangeLeftBehindWakesNobodyTwice) {
  limit = std::make_shared<RateLimit>(config::Rate{1, 1h});
  send();
  send();
  for (uint64_t i = 0; i < 10; ++i) limit->change(config::Rate{10 + i, 1s});
  for (int i = 0; i < 100; ++i) send();
  queue.advance(1s);
  queue.waits.clear();
  auto before = gone.size();
  queue.advance(1s);
  EXPECT_LE(queue.waits.size(), gone.size() - before + 1) << "one timer for each turn";
}

TEST_F(RateLimitTest, WithoutARateAllGoOnInTurn) {
  for (int i = 0; i < 4; ++i) send();
  limit->change(std::nullopt);
  EXPECT_THAT(gone, ElementsAre(0, 1, 2, 3));
  EXPECT_FALSE(limit->limiting());
  for (int i = 0; i < 3; ++i) send();
  EXPECT_THAT(gone, ElementsAre(0, 1, 2, 3, 4, 5, 6)) << "and so does what comes by a table that is not used any more";
  limit->change(config::Rate{10, 1s});
  send();
  send();
  EXPECT_EQ(gone.size(), 7u);
}

TEST_F(RateLimitTest, TheSameRateChangesNothing) {
  for (int i = 0; i < 3; ++i) send();
  for (int i = 0; i < 1000; ++i) limit->change(config::Rate{10, 1s});
  EXPECT_THAT(gone, ElementsAre(0));
  EXPECT_EQ(queue.waits.size(), 1u);
}

TEST_F(RateLimitTest, AStopAndADrainFindAllTimers) {
  limit = std::make_shared<RateLimit>(config::Rate{1, 1h});
  for (int i = 0; i < 3; ++i) send();
  limit->change(config::Rate{10, 1s});
  queue.drain();
  queue.advance(100ms);
  EXPECT_THAT(gone, ElementsAre(0, 1)) << "what cannot be returned goes on at the rate";
  limit->change(config::Rate{20, 1s});
  queue.stop();
  EXPECT_THAT(returned, ElementsAre(2));
  std::weak_ptr<RateLimit> weak = limit;
  limit = nullptr;
  EXPECT_TRUE(weak.expired());
}

// A route table may end while the queue still has the timer of one of its routes.
TEST_F(RateLimitTest, OutlivesItsRouteAsLongAsItIsInTheQueue) {
  send();
  send();
  std::weak_ptr<RateLimit> weak = limit;
  limit = nullptr;
  EXPECT_FALSE(weak.expired());
  queue.advance(100ms);
  EXPECT_THAT(gone, ElementsAre(0, 1));
  EXPECT_TRUE(weak.expired());
}

// Several sources and the timer at once: all come through, each source's in its order, and none sooner than its token.
TEST(RateLimitThreads, KeepsTheOrderOfEachSource) {
  constexpr int kSources = 4, kEach = 200;
  struct Waiting final : RateLimit::Waiting {
    void retry() noexcept override { (*went)(source, number); }
    void give_back() noexcept override { ADD_FAILURE() << "given back"; }
    [[nodiscard]] bool wanted() const noexcept override { return true; }
    [[nodiscard]] bool returnable() const noexcept override { return false; }
    std::function<void(int, int)>* went = nullptr;
    int source = 0, number = 0;
  };
  std::mutex mutex;
  std::vector<std::vector<int>> order(kSources);
  std::atomic<int> count = 0;
  std::function<void(int, int)> went = [&](int source, int number) {
    std::lock_guard lock(mutex);
    order[static_cast<size_t>(source)].push_back(number);
    ++count;
  };
  EventLoop loop("timers");
  LoopRetryQueue queue(loop);
  loop.start();
  auto limit = std::make_shared<RateLimit>(config::Rate{4000, 1s});
  std::vector<std::vector<Waiting>> all(kSources, std::vector<Waiting>(kEach));
  auto begin = Clock::now();
  std::vector<std::thread> sources;
  for (int s = 0; s < kSources; ++s)
    sources.emplace_back([&, s] {
      for (int i = 0; i < kEach; ++i) {
        auto& one = all[static_cast<size_t>(s)][static_cast<size_t>(i)];
        one.went = &went;
        one.source = s;
        one.number = i;
        if (limit->admit(one, true, queue)) went(s, i);
      }
    });
  for (auto& source : sources) source.join();
  for (auto end = Clock::now() + 60s; count < kSources * kEach && Clock::now() < end;) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(count, kSources * kEach);
  EXPECT_GE(Clock::now() - begin, 100ms) << "800 messages, of which a full bucket lets 400 through at once";
  for (auto& numbers : order) EXPECT_TRUE(std::ranges::is_sorted(numbers));
  queue.stop();
  loop.stop();
}

}  // namespace
}  // namespace mombridge::routing::test
