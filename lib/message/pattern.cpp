#include "message/pattern.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <span>

namespace mombridge {

namespace {

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words;
  for (;;) {
    auto dot = text.find('.');
    words.emplace_back(text.substr(0, dot));
    if (dot == std::string_view::npos) return words;
    text.remove_prefix(dot + 1);
  }
}

std::string_view first_word(std::string_view text) { return text.substr(0, text.find('.')); }

// Greedy match with one point of return, as for file globs: `#` takes no words at first, and one more each time the
// rest does not fit. Linear in words times patterns, whatever a message's routing key looks like.
bool match(const std::vector<std::string>& pattern, std::string_view target) {
  constexpr auto kEnd = std::string_view::npos;
  size_t p = 0, star_p = kEnd, star_at = 0, at = 0;  // `at`: start of the next word, kEnd when all are taken
  auto next = [&](size_t from) {
    auto dot = target.find('.', from);
    return dot == kEnd ? kEnd : dot + 1;
  };
  while (at != kEnd) {
    if (p < pattern.size() && pattern[p] == "#") {
      star_p = p++;
      star_at = at;
    } else if (p < pattern.size() && (pattern[p] == "*" || pattern[p] == first_word(target.substr(at)))) {
      ++p;
      at = next(at);
    } else if (star_p != kEnd) {
      p = star_p + 1;
      at = star_at = next(star_at);
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == "#") ++p;
  return p == pattern.size();
}

bool overlap(std::span<const std::string> a, std::span<const std::string> b) {
  if (a.empty() || b.empty()) {
    auto all_hash = [](auto words) { return std::ranges::all_of(words, [](auto& w) { return w == "#"; }); };
    return all_hash(a) && all_hash(b);
  }
  if (a[0] == "#") return overlap(a.subspan(1), b) || overlap(a, b.subspan(1));
  if (b[0] == "#") return overlap(a, b.subspan(1)) || overlap(a.subspan(1), b);
  return (a[0] == "*" || b[0] == "*" || a[0] == b[0]) && overlap(a.subspan(1), b.subspan(1));
}

}  // namespace

Pattern::Pattern(std::string text) : text_(std::move(text)), words_(split(text_)) {
  exact_ = std::ranges::none_of(words_, [](auto& w) { return w == "*" || w == "#"; });
}

bool Pattern::matches(std::string_view target) const { return exact_ ? text_ == target : match(words_, target); }

bool Pattern::overlaps(const Pattern& other) const { return overlap(words_, other.words_); }

bool glob_matches(const std::string& glob, std::string_view text) {
  return ::fnmatch(glob.c_str(), std::string(text).c_str(), 0) == 0;
}

}  // namespace mombridge
