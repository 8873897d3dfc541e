// Pattern against a reference that is too simple to be wrong, over random patterns and targets of few words, so that
// matches are common.

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "message/pattern.hpp"

namespace mombridge {
namespace {

using Words = std::vector<std::string>;

std::string join(const Words& words) {
  std::string text;
  for (auto& w : words) text += (&w == &words.front() ? "" : ".") + w;
  return text;
}

Words random_words(std::mt19937& random, std::initializer_list<const char*> alphabet, size_t longest) {
  Words words(random() % (longest + 1));
  for (auto& w : words) w = alphabet.begin()[random() % alphabet.size()];
  return words;
}

bool reference(const Words& pattern, const Words& target, size_t p = 0, size_t t = 0) {
  if (p == pattern.size()) return t == target.size();
  if (pattern[p] == "#")
    return reference(pattern, target, p + 1, t) || (t < target.size() && reference(pattern, target, p, t + 1));
  return t < target.size() && (pattern[p] == "*" || pattern[p] == target[t]) &&
         reference(pattern, target, p + 1, t + 1);
}

TEST(PatternProperty, MatchesAsTheReferenceDoes) {
  std::mt19937 random(4711);
  int matched = 0;
  for (int i = 0; i < 100'000; ++i) {
    Words pattern = random_words(random, {"a", "b", "*", "#"}, 6), target = random_words(random, {"a", "b", "c"}, 7);
    bool expected = reference(pattern, target);
    matched += expected;
    ASSERT_EQ(Pattern(join(pattern)).matches(join(target)), expected)
        << "'" << join(pattern) << "' on '" << join(target) << "'";
  }
  EXPECT_GT(matched, 10'000) << "a test of misses alone says little";
}

// All targets up to eight words over the patterns' two letters: a common target of patterns of up to four
// words needs no more than eight.
std::vector<Words> all_targets(size_t longest) {
  std::vector<Words> all{{}};
  for (size_t from = 0, length = 1; length <= longest; ++length) {
    size_t end = all.size();
    for (; from < end; ++from)
      for (auto* word : {"a", "b"}) {
        all.push_back(all[from]);
        all.back().emplace_back(word);
      }
  }
  return all;
}

TEST(PatternProperty, OverlapsExactlyWhereSomeTargetMatchesBoth) {
  std::mt19937 random(4712);
  auto targets = all_targets(8);
  int overlapped = 0;
  for (int i = 0; i < 2'000; ++i) {
    Words a = random_words(random, {"a", "b", "*", "#"}, 4), b = random_words(random, {"a", "b", "*", "#"}, 4);
    bool expected = false;
    for (auto& t : targets)
      if ((expected = reference(a, t) && reference(b, t))) break;
    overlapped += expected;
    ASSERT_EQ(Pattern(join(a)).overlaps(Pattern(join(b))), expected) << "'" << join(a) << "' with '" << join(b) << "'";
    ASSERT_EQ(Pattern(join(b)).overlaps(Pattern(join(a))), expected) << "'" << join(b) << "' with '" << join(a) << "'";
  }
  EXPECT_GT(overlapped, 200);
  EXPECT_LT(overlapped, 1'800);
}

}  // namespace
}  // namespace mombridge
