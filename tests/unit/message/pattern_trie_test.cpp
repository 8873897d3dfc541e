#include "message/pattern_trie.hpp"

#include <algorithm>
#include <random>

#include <gmock/gmock.h>

namespace mombridge {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(PatternTrie, FindsAllPatternsThatMatch) {
  PatternTrie trie;
  for (uint32_t i = 0; auto* text : {"order.*", "order.#", "#.new", "order.new", "#", "*.old", "#.#", ""})
    trie.add(Pattern(text), i++);
  PatternTrie::Search search;
  trie.match("order.new", search);
  EXPECT_THAT(search.found(), UnorderedElementsAre(0, 1, 2, 3, 4, 6));
  trie.match("order", search);
  EXPECT_THAT(search.found(), UnorderedElementsAre(1, 4, 6));
  trie.match("", search);
  EXPECT_THAT(search.found(), UnorderedElementsAre(4, 6, 7));
  trie.match("a.b.c", search);
  EXPECT_THAT(search.found(), UnorderedElementsAre(4, 6));
}

TEST(PatternTrie, FindsNothingWhereThereIsNothing) {
  PatternTrie trie;
  PatternTrie::Search search;
  trie.match("", search);
  EXPECT_THAT(search.found(), IsEmpty());
  trie.match("a.b", search);
  EXPECT_THAT(search.found(), IsEmpty());
}

TEST(PatternTrie, FindsAPatternAsOftenAsItWasAdded) {
  PatternTrie trie;
  trie.add(Pattern("a.#"), 1);
  trie.add(Pattern("a.#"), 2);
  trie.add(Pattern("a.#.#"), 2);
  PatternTrie::Search search;
  trie.match("a.b.c", search);
  EXPECT_THAT(search.found(), UnorderedElementsAre(1, 2, 2));
}

TEST(PatternTrie, OneRoomServesSeveralTries) {
  PatternTrie large, small;
  for (uint32_t i = 0; i < 100; ++i) large.add(Pattern("*." + std::to_string(i)), i);
  small.add(Pattern("#.7"), 1);
  PatternTrie::Search search;
  for (int i = 0; i < 3; ++i) {
    large.match("x.7", search);
    EXPECT_THAT(search.found(), UnorderedElementsAre(7));
    small.match("x.7", search);
    EXPECT_THAT(search.found(), UnorderedElementsAre(1));
  }
}

// Each `#` may take any number of words: following every choice by itself would take longer than the age of the world.
TEST(PatternTrie, ManyHashesAgainstManyWordsTakeNoTime) {
  std::string pattern = "#.a", target = "a";
  for (int i = 0; i < 60; ++i) {
    pattern += ".#.a";
    target += ".a";
  }
  PatternTrie trie;
  trie.add(Pattern(pattern), 1);
  trie.add(Pattern(pattern + ".b"), 2);
  PatternTrie::Search search;
  trie.match(target, search);
  EXPECT_THAT(search.found(), UnorderedElementsAre(1));
}

// Against the matcher of one pattern, which has a reference of its own.
TEST(PatternTrieProperty, FindsWhatPatternsMatchOneByOne) {
  std::mt19937 random(4713);
  auto text = [&](std::initializer_list<const char*> alphabet, size_t longest) {
    std::string joined;
    for (size_t n = random() % (longest + 1), i = 0; i < n; ++i)
      joined += (i ? "." : "") + std::string(alphabet.begin()[random() % alphabet.size()]);
    return joined;
  };
  PatternTrie::Search search;
  size_t found = 0;
  for (int round = 0; round < 300; ++round) {
    PatternTrie trie;
    std::vector<Pattern> patterns;
    for (uint32_t i = 0, n = random() % 40; i < n; ++i) {
      patterns.emplace_back(text({"a", "b", "", "*", "#"}, 6));
      trie.add(patterns.back(), i);
    }
    for (int i = 0; i < 50; ++i) {
      auto target = text({"a", "b", "c", ""}, 7);
      std::vector<uint32_t> expected;
      for (uint32_t p = 0; p < patterns.size(); ++p)
        if (patterns[p].matches(target)) expected.push_back(p);
      trie.match(target, search);
      auto values = search.found();
      std::ranges::sort(values);
      ASSERT_EQ(values, expected) << "on '" << target << "' in round " << round;
      found += values.size();
    }
  }
  EXPECT_GT(found, 10'000) << "a test of misses alone says little";
}

}  // namespace
}  // namespace mombridge
