#include "routing/hops.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace mombridge::routing {
namespace {

/// A message that is nothing but its hops.
class Hopped {
 public:
  explicit Hopped(Value value) : headers_{{header::kHops, value}} { message_.headers = headers_; }
  explicit Hopped(std::string_view text) : Hopped(Value::of(text)) {}
  [[nodiscard]] Hops hops() const { return Hops(message_); }

 private:
  std::vector<Header> headers_;
  Message message_;
};

std::string next(const Hops& hops, const RouteMark* mark) {
  Hops::Buffer buffer;
  return std::string(hops.next(buffer, mark));
}

TEST(Hops, CountsAndMarks) {
  RouteMark a("bridge", "a", "k:9092"), b("bridge", "b", "k:9092");
  auto one = next(Hops(Message{}), &a);
  EXPECT_EQ(one, "1 " + std::string(a.text()));
  Hopped first(one);
  EXPECT_TRUE(first.hops().passed(a));
  EXPECT_FALSE(first.hops().passed(b));
  auto two = next(first.hops(), &b);
  EXPECT_EQ(two, "2 " + std::string(a.text()) + std::string(b.text()));
  Hopped second(two);
  EXPECT_TRUE(second.hops().passed(a) && second.hops().passed(b));
}

TEST(Hops, WithoutAMarkOnlyTheNumberGoesOn) {
  RouteMark a("bridge", "a", "k:9092");
  auto one = next(Hops(Message{}), &a);
  EXPECT_EQ(next(Hopped(one).hops(), nullptr), "2");
}

TEST(Hops, MarksTellBridgesRoutesAndBrokersApart) {
  RouteMark a("bridge", "route", "k:9092");
  EXPECT_EQ(a.text(), RouteMark("bridge", "route", "k:9092").text());
  EXPECT_NE(a.text(), RouteMark("another", "route", "k:9092").text());
  EXPECT_NE(a.text(), RouteMark("bridge", "another", "k:9092").text());
  EXPECT_NE(a.text(), RouteMark("bridge", "route", "another:9092").text());
  EXPECT_NE(a.text(), RouteMark("bridg", "eroute", "k:9092").text());
}

TEST(Hops, NoMoreMarksThanHopsAndTheLastOnesStay) {
  std::string text = "1";
  std::vector<RouteMark> marks;
  for (int i = 0; i < 3 * kMaxHops; ++i) {
    marks.emplace_back("bridge", std::to_string(i), "k:9092");
    Hopped so_far(text);
    text = next(so_far.hops(), &marks.back());
    EXPECT_LE(text.size(), sizeof(Hops::Buffer));
  }
  Hopped last(text);
  EXPECT_FALSE(last.hops().passed(marks.front()));
  for (size_t i = marks.size() - kMaxHops; i < marks.size(); ++i) EXPECT_TRUE(last.hops().passed(marks[i])) << i;
}

TEST(Hops, WhatIsForgedDoesNoHarm) {
  RouteMark mark("bridge", "route", "k:9092");
  for (auto text :
       {"", " ", "1 ", "1 short", "x AAAAAAAA", "-3 AAAAAAAA", "99999999999999999999 AAAAAAAA", "1AAAAAAAA"}) {
    Hopped forged{std::string_view(text)};
    EXPECT_FALSE(forged.hops().passed(mark)) << text;
    EXPECT_LE(next(forged.hops(), &mark).size(), sizeof(Hops::Buffer)) << text;
  }
  std::string longest = "7 " + std::string(100'000, 'A');
  Hopped many{std::string_view(longest)};
  EXPECT_LE(next(many.hops(), &mark).size(), sizeof(Hops::Buffer));
  EXPECT_EQ(Hopped(Value::of(int64_t{1} << 40)).hops().count(), kMaxHops + 1);
}

}  // namespace
}  // namespace mombridge::routing
