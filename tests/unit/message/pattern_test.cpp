#include "message/pattern.hpp"

#include <chrono>

#include <gtest/gtest.h>

namespace mombridge {
namespace {

struct Case {
  const char* pattern;
  const char* target;
  bool matches;
};

constexpr Case kCases[] = {
    {"a.b", "a.b", true},
    {"a.b", "a", false},
    {"a.b", "a.b.c", false},
    {"a.b", "a.B", false},
    {"*", "a", true},
    {"*", "a.b", false},
    {"a.*", "a.b", true},
    {"a.*", "a", false},
    {"*.b", "a.b", true},
    {"a.*.c", "a.b.c", true},
    {"a.*.c", "a.c", false},
    {"#", "a", true},
    {"#", "a.b.c", true},
    {"a.#", "a", true},
    {"a.#", "a.b.c", true},
    {"a.#", "ab", false},
    {"#.c", "c", true},
    {"#.c", "a.b.c", true},
    {"#.c", "a.c.b", false},
    {"a.#.c", "a.c", true},
    {"a.#.c", "a.b.b.c", true},
    {"a.#.c", "a.b", false},
    {"#.b.#", "a.b.c", true},
    {"#.b.#", "a.c", false},
    {"#.#", "a", true},
    {"#.*", "a", true},
    {"*.#", "a", true},
    {"*.#.*", "a", false},
    {"*.#.*", "a.b", true},
    {"#.a.b", "a.a.b", true},
    {"#.a.*.#.b", "a.a.b.a.b", true},
    // The examples of the AMQP specification and of RabbitMQ's tutorial.
    {"*.stock.#", "usd.stock", true},
    {"*.stock.#", "eur.stock.db", true},
    {"*.stock.#", "stock.nasdaq", false},
    {"*.orange.*", "quick.orange.rabbit", true},
    {"*.*.rabbit", "lazy.brown.rabbit", true},
    {"lazy.#", "lazy.orange.new.rabbit", true},
    // RabbitMQ's split_topic_key: the empty text has no words, but between two dots stands an empty one.
    {"#", "", true},
    {"*", "", false},
    {"", "", true},
    {"", "a", false},
    {"a", "", false},
    {"#.#", "", true},
    {"*.#", "", false},
    {"a..b", "a..b", true},
    {"a.*.b", "a..b", true},
    {"*.*", ".", true},
    {"*", ".", false},
    {"a.*", "a.", true},
    {"a.#", "a.", true},
    {"a", "a.", false},
    // Only whole words are wildcards.
    {"a*", "ab", false},
    {"a*", "a*", true},
    {"##", "a", false},
    {"##", "##", true}};

TEST(Pattern, MatchesByTable) {
  for (auto& c : kCases) {
    EXPECT_EQ(Pattern(c.pattern).matches(c.target), c.matches) << "'" << c.pattern << "' on '" << c.target << "'";
  }
}

TEST(Pattern, ExactIsOneWithoutWildcardWords) {
  for (auto* text : {"", "a", "a.b", "a*", "##", "a..b"}) EXPECT_TRUE(Pattern(text).exact()) << text;
  for (auto* text : {"*", "#", "a.*", "#.a", "a.#.b"}) EXPECT_FALSE(Pattern(text).exact()) << text;
}

struct Overlap {
  const char* a;
  const char* b;
  bool overlaps;
};

constexpr Overlap kOverlaps[] = {{"a", "a", true},     {"a", "b", false},        {"*", "a", true},
                                 {"*", "a.b", false},  {"#", "a.b", true},       {"#", "", true},
                                 {"*", "", false},     {"", "", true},           {"#", "#", true},
                                 {"a.#", "#.b", true}, {"a.#", "b.#", false},    {"a.#.b", "*.c", false},
                                 {"a.*", "*.b", true}, {"#.a.#", "#.b.#", true}, {"a.#", "a", true},
                                 {"*.#", "#.*", true}, {"a.b.#", "a", false},    {"*.*.#", "#.a", true}};

TEST(Pattern, OverlapsByTableBothWays) {
  for (auto& c : kOverlaps) {
    EXPECT_EQ(Pattern(c.a).overlaps(Pattern(c.b)), c.overlaps) << c.a << " with " << c.b;
    EXPECT_EQ(Pattern(c.b).overlaps(Pattern(c.a)), c.overlaps) << c.b << " with " << c.a;
  }
}

// 2^40 ways to divide the words among the `#`, were they tried one by one.
TEST(Pattern, ManyHashesTakeNoTime) {
  std::string a = "x", b = "y", target;
  for (int i = 0; i < 40; ++i) {
    a += ".#.a";
    b += ".#.b";
    target += "a.";
  }
  auto before = std::chrono::steady_clock::now();
  EXPECT_FALSE(Pattern(a).overlaps(Pattern(b)));
  EXPECT_FALSE(Pattern("#." + a).matches(target + "z"));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
}

TEST(Glob, TakesTheWholeText) {
  EXPECT_TRUE(glob_matches("amq.gen-*", "amq.gen-AbC_1"));
  EXPECT_FALSE(glob_matches("amq.gen-*", "my.amq.gen-1"));
  EXPECT_TRUE(glob_matches("*", "a/b.c"));
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_TRUE(glob_matches("rpc.?", "rpc.1"));
  EXPECT_FALSE(glob_matches("rpc.?", "rpc.10"));
  EXPECT_TRUE(glob_matches("[a-c]x", "bx"));
  EXPECT_FALSE(glob_matches("[!a-c]x", "bx"));
  EXPECT_FALSE(glob_matches("a", "A"));
  EXPECT_TRUE(glob_matches("\\*", "*"));
  EXPECT_FALSE(glob_matches("\\*", "a"));
}

TEST(Glob, ANulDoesNotHideWhatFollowsIt) {
  EXPECT_FALSE(glob_matches("replies", std::string_view("replies\0.evil", 13)));
  EXPECT_FALSE(glob_matches("rep*", std::string_view("rep\0", 4)));
}

}  // namespace
}  // namespace mombridge
