#include "message/pattern.hpp"

#include <algorithm>
#include <array>
#include <fnmatch.h>
#include <span>

namespace mombridge {

namespace {

// The empty text has no words at all, as in RabbitMQ: only patterns that take none, "" and "#", match it.
std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words;
  if (text.empty()) return words;
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
  size_t p = 0, star_p = kEnd, star_at = 0,
         at = target.empty() ? kEnd : 0;  // `at`: start of the next word, kEnd when all are taken
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

// A table over the rests of both, last words first: trying both meanings of every `#` by recursion takes exponential
// time.
bool overlap(std::span<const std::string> a, std::span<const std::string> b) {
  size_t width = b.size() + 1;
  std::vector<char> common((a.size() + 1) * width);  // [i * width + j]: some target matches both a[i..] and b[j..]
  common.back() = true;
  for (size_t i = a.size() + 1; i-- > 0;) {
    for (size_t j = b.size() + 1; j-- > 0;) {
      bool more_a = i < a.size(), more_b = j < b.size();
      auto at = [&](size_t x, size_t y) { return common[x * width + y] != 0; };
      auto& here = common[i * width + j];
      if (more_a && a[i] == "#")
        here = at(i + 1, j) || (more_b && at(i, j + 1));
      else if (more_b && b[j] == "#")
        here = at(i, j + 1) || (more_a && at(i + 1, j));
      else if (more_a && more_b)
        here = (a[i] == "*" || b[j] == "*" || a[i] == b[j]) && at(i + 1, j + 1);
    }
  }
  return common.front() != 0;
}

}  // namespace

Pattern::Pattern(std::string text) : text_(std::move(text)), words_(split(text_)) {
  exact_ = std::ranges::none_of(words_, [](auto& w) { return w == "*" || w == "#"; });
}

bool Pattern::matches(std::string_view target) const { return exact_ ? text_ == target : match(words_, target); }

bool Pattern::overlaps(const Pattern& other) const { return overlap(words_, other.words_); }

bool glob_matches(const std::string& glob, std::string_view text) {
  // fnmatch would take what stands before a NUL for the whole text, and so let "allowed\0anything" through.
  if (text.find('\0') != std::string_view::npos) return false;
  // It wants a NUL behind the text, which stands in a message: most are copied here without an allocation.
  std::array<char, 256> room;
  if (text.size() >= room.size()) return ::fnmatch(glob.c_str(), std::string(text).c_str(), 0) == 0;
  *std::ranges::copy(text, room.begin()).out = '\0';
  return ::fnmatch(glob.c_str(), room.data(), 0) == 0;
}

bool has_wildcards(std::string_view glob) { return glob.find_first_of("*?[\\") != std::string_view::npos; }

}  // namespace mombridge
