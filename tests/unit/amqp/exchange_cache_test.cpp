#include "broker/amqp/exchange_cache.hpp"

#include <gtest/gtest.h>

namespace mombridge::amqp {
namespace {

using State = ExchangeCache::State;

TEST(ExchangeCache, KnowsWhatItWasTold) {
  ExchangeCache cache;
  TimePoint now{100s};
  EXPECT_EQ(cache.look("orders", now).state, State::unknown);
  cache.asked("orders");
  EXPECT_EQ(cache.look("orders", now).state, State::asked);
  cache.exists("orders");
  EXPECT_EQ(cache.look("orders", now + 24h).state, State::exists);
  EXPECT_EQ(cache.look("order", now).state, State::unknown);
  cache.clear();
  EXPECT_EQ(cache.look("orders", now).state, State::unknown);
}

TEST(ExchangeCache, AMissingOneIsAskedForAgainAfterASecond) {
  ExchangeCache cache;
  TimePoint now{100s};
  cache.missing("orders", "404 NOT_FOUND", now);
  EXPECT_EQ(cache.look("orders", now + 999ms).state, State::missing);
  EXPECT_EQ(cache.look("orders", now + 999ms).why, "404 NOT_FOUND");
  EXPECT_EQ(cache.look("orders", now + 1s).state, State::unknown);
  EXPECT_EQ(cache.look("orders", now).state, State::unknown) << "it is forgotten";
  cache.missing("orders", "404 NOT_FOUND", now + 2s);
  EXPECT_EQ(cache.look("orders", now + 2500ms).state, State::missing);
}

}  // namespace
}  // namespace mombridge::amqp
