#include "token/renewal.hpp"

#include <gtest/gtest.h>

namespace mombridge::token {
namespace {

constexpr int64_t kStart = 1'700'000'000'000;

// The two clocks stand still until they are moved.
class RenewalTest : public testing::Test {
 protected:
  Instant now() {
    return {TimePoint{} + 1h + passed, kStart + std::chrono::milliseconds(passed / 1ms).count() + set_by};
  }
  void pass(Duration time) { passed += time; }
  void set_wall_clock(int64_t by_ms) { set_by += by_ms; }
  Duration wait(const Renewal& renewal) { return renewal.wait(now()); }

  static Token token(const std::string& text, std::optional<int64_t> ends_ms = {}) {
    return {.text = Secret(text), .subject = {}, .ends_ms = ends_ms};
  }
  Token lasting(const std::string& text, Duration life) { return token(text, now().unix_ms + life / 1ms); }
  std::string present(const Renewal& renewal) {
    auto present = renewal.present(now());
    return present ? present->token.text.reveal() : present.error().text;
  }

  Duration passed{};
  int64_t set_by = 0;
  Renewal url{Renewal::Origin::url}, file{Renewal::Origin::file};
};

TEST_F(RenewalTest, BeginsAtOnceAndWithout) {
  EXPECT_EQ(wait(url), 0s);
  EXPECT_EQ(wait(file), 0s);
  EXPECT_EQ(present(url), "there is no token yet");
  url.failed("it is down", now());
  EXPECT_EQ(present(url), "there is no token: it is down");
}

TEST_F(RenewalTest, IsRenewedInTheLastThirdOfItsLife) {
  EXPECT_TRUE(url.found(lasting("a", 100s), now()));
  EXPECT_EQ(present(url), "a");
  pass(69s);
  EXPECT_GT(wait(url), 0s);
  pass(12s);
  EXPECT_EQ(wait(url), 0s);
  EXPECT_TRUE(url.found(lasting("b", 100s), now()));
  EXPECT_EQ(present(url), "b");
  EXPECT_GT(wait(url), 59s);
}

TEST_F(RenewalTest, TheClockIsLookedAtOnceAMinuteAtLeast) {
  url.found(lasting("a", 24h), now());
  EXPECT_EQ(wait(url), 1min);
}

TEST_F(RenewalTest, WithoutAnEndItIsRenewedWhenItIsRefused) {
  url.found(token("a"), now());
  EXPECT_EQ(wait(url), Duration::max());
  pass(24h);
  EXPECT_EQ(wait(url), Duration::max());
  EXPECT_EQ(present(url), "a");
  url.refused(url.present(now())->number, now());
  EXPECT_EQ(wait(url), 0s);
}

TEST_F(RenewalTest, ALifeOfNothingIsNoReasonToHammer) {
  url.found(lasting("a", 0s), now());
  EXPECT_EQ(wait(url), 1s);
  url.found(lasting("b", -1h), now());
  EXPECT_EQ(wait(url), 1s);
}

TEST_F(RenewalTest, WhatIsRefusedAgainAndAgainIsLookedForOnceASecond) {
  url.found(token("a"), now());
  url.refused(1, now());
  EXPECT_EQ(wait(url), 1s);
  pass(1s);
  EXPECT_EQ(wait(url), 0s);
  EXPECT_FALSE(url.found(token("a"), now()));
  EXPECT_EQ(url.present(now())->number, 2u);
  url.refused(1, now());  // of an older one: there is a newer one already
  EXPECT_EQ(wait(url), Duration::max());
}

TEST_F(RenewalTest, FailuresAreTriedAgainWithGrowingWaits) {
  url.found(lasting("a", 100s), now());
  pass(80s);
  Duration least = 500ms;
  for (int i = 0; i < 8; ++i) {
    url.failed("it is down", now());
    EXPECT_GE(wait(url), least) << i;
    EXPECT_LE(wait(url), 30s);
    least = std::min<Duration>(least * 2, 15s);
  }
  // While that is so, a refusal does not hurry.
  auto before = wait(url);
  url.refused(1, now());
  EXPECT_EQ(wait(url), before);
  EXPECT_EQ(url.problem(), "it is down");
  url.found(lasting("b", 100s), now());
  EXPECT_EQ(url.problem(), "");
  url.failed("down again", now());
  EXPECT_LE(wait(url), 1s);
}

TEST_F(RenewalTest, AnOldTokenIsUsedAsLongAsItLasts) {
  url.found(lasting("a", 100s), now());
  pass(99s);
  url.failed("it is down", now());
  EXPECT_EQ(present(url), "a");
  EXPECT_FALSE(url.has_ended(now()));
  pass(2s);
  EXPECT_TRUE(url.has_ended(now()));
  EXPECT_EQ(present(url), "a");  // the broker's clock may be behind
  pass(60s);
  EXPECT_EQ(present(url), "the token ended at 2023-11-14T22:15:00Z, and there is no newer one: it is down");
}

TEST_F(RenewalTest, IsFreshForAWhile) {
  auto fresh = [&] { return url.present(now())->fresh_until - now().steady; };
  url.found(token("a"), now());
  EXPECT_EQ(fresh(), 30s);
  pass(20s);
  EXPECT_EQ(fresh(), 10s);
  url.found(token("a"), now());  // found again, it is the newest that there is
  EXPECT_EQ(fresh(), 30s);
  url.found(lasting("b", 10s), now());
  EXPECT_EQ(fresh(), 5s);
  url.found(lasting("c", -10s), now());
  EXPECT_LT(fresh(), 0s);
}

TEST_F(RenewalTest, AClockThatIsSetForwardAsksForANewToken) {
  url.found(lasting("a", 1h), now());
  set_wall_clock(24 * 3600'000);
  EXPECT_EQ(wait(url), 0s);
  EXPECT_NE(present(url).find("is this machine's clock right?"), std::string::npos);
  url.found(lasting("b", 1h), now());
  EXPECT_EQ(present(url), "b");
}

TEST_F(RenewalTest, AClockThatIsSetBackKeepsNoTokenForLonger) {
  url.found(lasting("a", 100s), now());
  set_wall_clock(-24 * 3600'000);
  EXPECT_EQ(present(url), "a");
  pass(81s);
  EXPECT_EQ(wait(url), 0s);
}

TEST_F(RenewalTest, AFileIsLookedAtEveryFewSeconds) {
  EXPECT_TRUE(file.found(lasting("a", 24h), now()));
  EXPECT_EQ(wait(file), 5s);
  pass(5s);
  EXPECT_FALSE(file.found(token("a"), now()));
  EXPECT_EQ(wait(file), 5s);
  for (int i = 0; i < 10; ++i) file.failed("cannot read it", now());
  EXPECT_LE(wait(file), 5s);
  EXPECT_EQ(present(file), "a");
}

}  // namespace
}  // namespace mombridge::token
