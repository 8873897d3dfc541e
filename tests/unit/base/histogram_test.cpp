#include "base/histogram.hpp"

#include <gtest/gtest.h>

#include "base/counters.hpp"
#include "base/family.hpp"

namespace mombridge {
namespace {

TEST(Histogram, EachTimeIsInOneBucket) {
  Histogram histogram;
  for (auto took : std::initializer_list<Duration>{-1ms, 0ms, 500us, 501us, 60s, 61s, 1h}) histogram.observe(took);
  auto reading = histogram.read();
  EXPECT_EQ(reading.count(), 7u);
  EXPECT_EQ(reading.counts[0], 3u) << "a bound belongs to its bucket";
  EXPECT_EQ(reading.counts[1], 1u);
  EXPECT_EQ(reading.counts[Histogram::kBuckets - 2], 1u);
  EXPECT_EQ(reading.counts[Histogram::kBuckets - 1], 2u);
  EXPECT_EQ(reading.sum, 500us + 501us + 60s + 61s + 1h) << "a clock that went back adds nothing";
}

TEST(Histogram, BoundsGrow) { EXPECT_TRUE(std::ranges::is_sorted(Histogram::kBounds)); }

TEST(Histogram, QuantilesAreBetweenTheBounds) {
  Histogram histogram;
  EXPECT_EQ(histogram.read().quantile(0.5), std::nullopt);
  for (int i = 0; i < 100; ++i) histogram.observe(7ms);  // between 5 and 10 ms
  EXPECT_EQ(histogram.read().quantile(0.5), 7500us);
  EXPECT_EQ(histogram.read().quantile(0.99), 9950us);
  for (int i = 0; i < 300; ++i) histogram.observe(100us);  // between 0 and 0.5 ms
  EXPECT_EQ(histogram.read().quantile(0.75), 500us);
  EXPECT_EQ(histogram.read().quantile(0), 0us);
  EXPECT_EQ(histogram.read().quantile(1), 10ms);
  for (int i = 0; i < 10'000; ++i) histogram.observe(1h);
  EXPECT_EQ(histogram.read().quantile(0.99), Histogram::kBounds.back()) << "all that is known of what took longer";
}

TEST(Histogram, TimesAreNotWantedAtFirst) { EXPECT_FALSE(Histogram::wanted()); }

TEST(Family, ACellStaysTheSame) {
  Family<Counter> family;
  auto& cell = family.at({"a", "b"});
  cell.add(2);
  family.at({"a", "c"}).add();
  for (int i = 0; i < 1000; ++i) family.at({std::to_string(i)});
  EXPECT_EQ(&family.at({"a", "b"}), &cell);
  EXPECT_EQ(family.at({"a", "b"}).value(), 2u);
  EXPECT_EQ(family.all().size(), 1002u);
}

TEST(Family, LabelsAreKeptApart) {
  Family<Gauge> family;
  family.at({"a", "bc"}).add(1);
  family.at({"ab", "c"}).add(-1);
  EXPECT_EQ(family.at({"a", "bc"}).value(), 1);
  EXPECT_EQ(family.at({"ab", "c"}).value(), -1);
}

}  // namespace
}  // namespace mombridge
