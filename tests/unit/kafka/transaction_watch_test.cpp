#include "broker/kafka/transaction_watch.hpp"

#include <gtest/gtest.h>

namespace mombridge::kafka {
namespace {

using Change = TransactionWatch::Change;

class Watch : public testing::Test {
 protected:
  Change look(int64_t last, int64_t high, bool waits = false) { return watch.look(last, high, waits, now); }
  void pass() { now += TransactionWatch::kPatience; }
  TransactionWatch watch;
  TimePoint now = TimePoint{} + std::chrono::hours(1);
};

TEST_F(Watch, TellsOnceThatItStandsAndOnceThatItDoesNot) {
  watch.at_end(10);
  EXPECT_EQ(look(9, 12), Change::none);
  now += TransactionWatch::kPatience - std::chrono::seconds(1);
  EXPECT_EQ(look(9, 12), Change::none) << "not yet for long";
  pass();
  EXPECT_EQ(look(9, 15), Change::began);
  EXPECT_TRUE(watch.hangs());
  EXPECT_EQ(watch.offset(), 10);
  pass();
  EXPECT_EQ(look(9, 15), Change::none) << "told already";
  EXPECT_EQ(look(14, 15), Change::ended);
  EXPECT_FALSE(watch.hangs());
}

TEST_F(Watch, ATopicThatIsReadToItsEndDoesNotStand) {
  watch.at_end(10);
  EXPECT_EQ(look(9, 10), Change::none);
  pass();
  EXPECT_EQ(look(9, 10), Change::none);
}

TEST_F(Watch, OneTransactionAfterTheOtherDoesNotStand) {
  for (int64_t end = 10; end < 15; ++end) {
    watch.at_end(end);
    EXPECT_EQ(look(end - 1, end + 2), Change::none);
    pass();
  }
}

TEST_F(Watch, RecordsThatWaitHereAreNotATransaction) {
  watch.at_end(10);
  EXPECT_EQ(look(9, 50, true), Change::none);
  pass();
  EXPECT_EQ(look(9, 50, true), Change::none);
  EXPECT_EQ(look(9, 50), Change::none) << "counts from here";
  pass();
  EXPECT_EQ(look(9, 50), Change::began);
}

TEST_F(Watch, WhereTheEndWasNeverReachedNothingIsKnown) {
  EXPECT_EQ(look(-1, 50), Change::none);
  pass();
  EXPECT_EQ(look(-1, 50), Change::none);
}

}  // namespace
}  // namespace mombridge::kafka
