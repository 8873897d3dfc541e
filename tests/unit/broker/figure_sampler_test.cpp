#include "broker/figure_sampler.hpp"

#include <atomic>
#include <optional>
#include <thread>

#include <gtest/gtest.h>

namespace mombridge {
namespace {

class FigureSamplerTest : public testing::Test {
 protected:
  FigureSamplerTest() { loop.start(); }
  ~FigureSamplerTest() override {
    loop.call([this] { sampler.reset(); });
    loop.stop();
  }
  void make(Duration every, Duration after_last = 1h) {
    loop.call([&] {
      sampler.emplace(
          loop, [this] { ++rounds; }, FigureSampler::Times{.every = every, .after_last = after_last});
    });
  }
  static bool await(const std::function<bool()>& condition) {
    for (auto end = Clock::now() + 60s; Clock::now() < end; std::this_thread::sleep_for(1ms))
      if (condition()) return true;
    return condition();
  }
  static void wait_a_little() { std::this_thread::sleep_for(20ms); }

  EventLoop loop{"test"};
  std::optional<FigureSampler> sampler;
  std::atomic<int> rounds{0};
};

TEST_F(FigureSamplerTest, NothingIsMeasuredWhileNobodyWantsIt) {
  make(1ms);
  (void)sampler->read();
  wait_a_little();
  EXPECT_EQ(rounds, 0);
}

TEST_F(FigureSamplerTest, MeasuresOnceATimeHoweverOftenItIsWanted) {
  make(1h);
  for (int i = 0; i < 100; ++i) sampler->want();
  EXPECT_TRUE(await([this] { return rounds > 0; }));
  sampler->want();
  wait_a_little();
  EXPECT_EQ(rounds, 1) << "the next is an hour away";
}

TEST_F(FigureSamplerTest, EndsAWhileAfterTheLastAndBeginsAnew) {
  make(1ms, 20ms);
  sampler->want();
  ASSERT_TRUE(await([this] { return rounds >= 2; }));
  int last = 0;
  ASSERT_TRUE(await([&] {
    bool ended = last == rounds;
    last = rounds;
    std::this_thread::sleep_for(50ms);
    return ended && last == rounds;
  }));
  sampler->want();
  EXPECT_TRUE(await([&] { return rounds > last; }));
}

TEST_F(FigureSamplerTest, KeepsTheLastOfEachKind) {
  make(1h);
  sampler->put(std::vector<Figures::Depth>{{"a", 1}});
  sampler->put(std::vector<Figures::Lag>{{"t", 2, 5}});
  sampler->put(std::vector<Figures::Depth>{{"a", 3}, {"b", 4}});
  auto figures = sampler->read();
  ASSERT_EQ(figures.depths.size(), 2u);
  EXPECT_EQ(figures.depths[0].messages, 3u);
  ASSERT_EQ(figures.lags.size(), 1u);
  EXPECT_EQ(figures.lags[0].messages, 5u);
}

TEST_F(FigureSamplerTest, OldFiguresAreLeftOut) {
  make(1h);
  sampler->put(std::vector<Figures::Depth>{{"a", 1}});
  EXPECT_EQ(sampler->read().depths.size(), 1u);
  make(1ms);
  sampler->put(std::vector<Figures::Depth>{{"a", 1}});
  EXPECT_TRUE(await([this] { return sampler->read().depths.empty(); }));
}

}  // namespace
}  // namespace mombridge
