#include "message/expression.hpp"

#include <gmock/gmock.h>

namespace mombridge {
namespace {

using testing::HasSubstr;

TEST(Expression, MatchesAsPosixExtendedOnesDo) {
  auto e = Expression::compile("^(orders|bills)\\.[a-z]+$");
  ASSERT_TRUE(e);
  EXPECT_TRUE(e->matches("orders.eu"));
  EXPECT_FALSE(e->matches("orders.EU"));
  EXPECT_FALSE(e->matches("my.orders.eu"));
}

TEST(Expression, SaysWhyItIsNone) { EXPECT_THAT(Expression::compile("^(a").error().text, HasSubstr("(")); }

class Samples : public testing::TestWithParam<const char*> {};

TEST(Expression, RefusesWhatWouldTakeAllMemoryOrTime) {
  std::string nested = "a";
  for (int i = 0; i < 30; ++i) nested = "(" + nested + ")+";
  for (auto& text : {"^a" + std::string(30, '+'), ")" + std::string(30, '+'), nested,
                     std::string("((a{255}){255}){255}"), std::string("(a{0,200}){200}")})
    EXPECT_EQ(Expression::compile(text).error().text, "repeats what is repeated already, too often") << text;
  EXPECT_EQ(Expression::compile("^(a*)\\1").error().text, "back-references are not supported");
  EXPECT_EQ(Expression::compile(std::string(2000, '(')).error().text, "longer than 1024 bytes");
}

TEST(Expression, TakesOrdinaryRepetitions) {
  for (auto* text : {"^(a+b*)+c?", "^[+*{}]{3,5}x", "^a{255}$", "^\\+\\+\\+",
                     "^(order|invoice)\\.[a-z]+\\.v[0-9]{1,3}$", "^[]+]+[^]*]*", "^(((a+)+)+)+"})
    EXPECT_TRUE(Expression::compile(text)) << text;
}

TEST_P(Samples, MatchAndDiffer) {
  auto e = Expression::compile(GetParam());
  ASSERT_TRUE(e);
  auto first = e->sample(0), second = e->sample(1);
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(e->matches(*first) && e->matches(*second)) << *first << ", " << *second;
  EXPECT_NE(*first, *second);
}

INSTANTIATE_TEST_SUITE_P(All, Samples,
                         testing::Values("^.*", "^telemetry\\..*", "^(a|b)\\.c$", "^[a-c]+$", "^[^x]y*$", "^x{3}.?$",
                                         "^a[]b]*$", "^[[:digit:]]+-[[:alpha:]_]$", "^((in|out)\\.)+x"));

TEST(Expression, NoSampleIsBetterThanAWrongOne) {
  EXPECT_FALSE(Expression::compile("^a$b")->sample(0)) << "matches nothing";
  EXPECT_FALSE(Expression::compile("^")->sample(0)) << "an empty target is none";
  EXPECT_FALSE(Expression::compile("^(x{200}){9}$")->sample(0)) << "longer than a topic";
  EXPECT_EQ(Expression::compile("^a$")->sample(0), "a");
}

}  // namespace
}  // namespace mombridge
