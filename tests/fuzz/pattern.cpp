// Patterns over targets, which come from anybody: a pattern matches what a plain reading of the language says, and
// overlaps with each pattern that matches the same target.
// Input: two patterns, each a line, and a target.

#include "message/pattern.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "support.hpp"

using namespace mombridge;  // NOLINT(google-build-using-namespace)

namespace {

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> all;
  if (text.empty()) return all;
  all.emplace_back();
  for (char c : text) c == '.' ? static_cast<void>(all.emplace_back()) : all.back().push_back(c);
  return all;
}

bool matches(std::string_view pattern, std::string_view target) {
  auto p = words(pattern), t = words(target);
  std::vector<char> ends(t.size() + 1);  // [j]: the pattern's words so far match the first j of the target
  ends[0] = true;
  for (auto& word : p) {
    std::vector<char> next(t.size() + 1);
    for (size_t j = 0; j <= t.size(); ++j) {
      if (word == "#")
        next[j] = ends[j] || (j && next[j - 1]);
      else
        next[j] = j && ends[j - 1] && (word == "*" || word == t[j - 1]);
    }
    ends = next;
  }
  return ends.back();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kLongest = 1000;
  constexpr int kStars = 3;
  if (size > kLongest) return 0;
  fuzz::Input input(data, size);
  auto a = std::string(input.line()), b = std::string(input.line());
  auto target = input.rest();
  Pattern first(a), second(b);
  fuzz::require(first.matches(target) == matches(a, target));
  fuzz::require(second.matches(target) == matches(b, target));
  bool overlap = first.overlaps(second);
  fuzz::require(overlap == second.overlaps(first));
  fuzz::require(overlap || !first.matches(target) || !second.matches(target));
  fuzz::require(!first.exact() || (first.matches(a) && overlap == second.matches(a)));
  // The C library takes a time that grows with the power of the number of stars.
  if (std::ranges::count(a, '*') <= kStars) (void)glob_matches(a, target);
  return 0;
}
