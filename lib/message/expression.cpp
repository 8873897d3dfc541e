#include "message/expression.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <vector>

namespace mombridge {

namespace {

/// No topic is longer, and nobody writes longer expressions.
constexpr size_t kLongestSample = 249;
constexpr size_t kLongestText = 1024;  ///< regcomp() calls itself for each parenthesis

void end(const regex_t* regex) {
  ::regfree(const_cast<regex_t*>(regex));
  delete regex;
}

/// How long the bracket expression is whose '[' stands before `rest`, its ']' included.
size_t bracket_length(std::string_view rest) {
  size_t at = !rest.empty() && rest[0] == '^' ? 1 : 0;
  if (at < rest.size() && rest[at] == ']') ++at;
  while (at < rest.size() && rest[at] != ']') {
    bool named = rest[at] == '[' && at + 1 < rest.size() && rest[at + 1] == ':';
    auto close = named ? rest.find(":]", at) : std::string_view::npos;
    at = close == std::string_view::npos ? at + 1 : close + 2;
  }
  return std::min(at + 1, rest.size());
}

/// A repetition as `{2,5}`.
struct Interval {
  size_t length = 0;  ///< in the text; 0: it is none
  unsigned least = 0, most = 0;
};

Interval interval(std::string_view text) {
  auto *at = text.data(), *end = at + text.size();
  if (at == end || *at != '{') return {};
  Interval found;
  at = std::from_chars(at + 1, end, found.least).ptr;
  found.most = found.least;
  if (at != end && *at == ',') at = std::from_chars(at + 1, end, found.most).ptr;
  if (at == end || *at != '}') return {};
  found.length = static_cast<size_t>(at + 1 - text.data());
  return found;
}

/// Estimates how large the compiled form of an expression becomes: regcomp() multiplies repetitions out, so that "a"
/// and thirty times "+" fill the memory.
class Places {
 public:
  explicit Places(std::string_view text) : rest_(text) {}

  /// Never more than kEnough.
  size_t alternatives() {
    size_t sum = branch();
    while (!rest_.empty() && rest_[0] == '|') {
      rest_.remove_prefix(1);
      sum += branch();
    }
    return std::min(sum, kEnough);
  }
  /// What alternatives() has seen: takes a time that grows exponentially.
  [[nodiscard]] bool back_reference() const { return back_reference_; }

 private:
  static constexpr size_t kEnough = 1'000'000'000;

  size_t branch() {
    size_t sum = 0;
    while (!rest_.empty() && rest_[0] != '|' && !(rest_[0] == ')' && depth_)) {  // outside of all, ')' is a character
      size_t places = atom();
      while (auto times = repetition()) places = std::min(places * times, kEnough);
      sum = std::min(sum + places, kEnough);
    }
    return sum;
  }

  size_t atom() {
    char c = rest_[0];
    rest_.remove_prefix(1);
    if (c == '[') rest_.remove_prefix(bracket_length(rest_));
    if (c == '\\' && !rest_.empty()) {
      back_reference_ |= rest_[0] >= '1' && rest_[0] <= '9';
      rest_.remove_prefix(1);
    }
    if (c != '(') return 1;
    ++depth_;
    size_t inner = alternatives();
    --depth_;
    if (!rest_.empty()) rest_.remove_prefix(1);
    return inner;
  }

  /// How often what stands before is written down for the operator that follows; 0: none does.
  size_t repetition() {
    if (rest_.empty()) return 0;
    char c = rest_[0];
    auto counted = interval(rest_);
    if (c != '*' && c != '?' && c != '+' && !counted.length) return 0;
    rest_.remove_prefix(std::max<size_t>(counted.length, 1));
    if (counted.length) return std::max({counted.least + 1, counted.most, 1U});
    return c == '+' ? 2 : 1;
  }

  std::string_view rest_;
  unsigned depth_ = 0;  ///< parentheses around the rest
  bool back_reference_ = false;
};

/// What regcomp() and regexec() would take without end.
Result<> is_bounded(std::string_view text) {
  constexpr size_t kMostPlaces = 10'000;
  if (text.size() > kLongestText) return fail("longer than " + std::to_string(kLongestText) + " bytes");
  Places places(text);
  if (places.alternatives() > kMostPlaces) return fail("repeats what is repeated already, too often");
  if (places.back_reference()) return fail("back-references are not supported");
  return {};
}

std::string error_text(int code, const regex_t& regex) {
  char text[256];
  ::regerror(code, &regex, text, sizeof text);
  return text;
}

/// Walks through an expression and writes down one text of those that it describes. What the walk does not know (a
/// back-reference, say) makes a text that does not match; the caller looks whether it does.
class Walk {
 public:
  Walk(std::string_view text, unsigned variant) : rest_(text), variant_(variant) {}

  std::string alternatives() {
    std::vector<std::string> branches{branch()};
    while (!rest_.empty() && rest_[0] == '|') {
      rest_.remove_prefix(1);
      branches.push_back(branch());
    }
    return branches[variant_ % branches.size()];
  }

 private:
  std::string branch() {
    std::string result;
    while (!rest_.empty() && rest_[0] != '|' && rest_[0] != ')') {
      auto one = atom();
      for (unsigned n = repetitions(); n > 0 && result.size() <= kLongestSample; --n) result += one;
    }
    return result;
  }

  std::string atom() {
    char c = rest_[0];
    rest_.remove_prefix(1);
    switch (c) {
      case '^':
      case '$':
        return "";
      case '.':
        return filling();
      case '[':
        return member();
      case '(': {
        auto inner = alternatives();
        if (!rest_.empty()) rest_.remove_prefix(1);
        return inner;
      }
      case '\\':
        if (rest_.empty()) return "";
        c = rest_[0];
        rest_.remove_prefix(1);
        return {c};
      default:
        return {c};
    }
  }

  [[nodiscard]] std::string filling() const { return {"xkw"[variant_ % 3]}; }

  // A member of the class, which regcomp() itself judges: that knows ranges, names and complements.
  std::string member() {
    auto length = bracket_length(rest_);
    auto one = Expression::compile("^[" + std::string(rest_.substr(0, length)) + "$");
    rest_.remove_prefix(length);
    constexpr std::string_view kTried = "xkwabcdefghijlmnopqrstuvyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ._-";
    auto fill = filling();
    if (one && one->matches(fill)) return fill;
    for (char c : kTried)
      if (one && one->matches({c})) return {c};
    return "";
  }

  unsigned repetitions() {
    unsigned result = 1;
    while (!rest_.empty()) {
      char c = rest_[0];
      if (c == '*' || c == '+') {
        result = 1 + variant_;
      } else if (c == '{') {
        unsigned least = 0;
        std::from_chars(rest_.data() + 1, rest_.data() + rest_.size(), least);
        constexpr unsigned kMost = 255;  // as many as a repetition may ask for (RE_DUP_MAX)
        result = std::clamp(least, 1U, kMost);
        rest_.remove_prefix(std::min(rest_.find('}'), rest_.size() - 1));
      } else if (c != '?') {
        break;
      }
      rest_.remove_prefix(1);
    }
    return result;
  }

  std::string_view rest_;
  unsigned variant_;
};

}  // namespace

Result<Expression> Expression::compile(const std::string& text) {
  if (auto bounded = is_bounded(text); !bounded) return fail(bounded.error());
  auto compiled = std::make_unique<regex_t>();
  if (int code = ::regcomp(compiled.get(), text.c_str(), REG_EXTENDED | REG_NOSUB))
    return fail(error_text(code, *compiled));
  Expression expression;
  expression.text_ = text;
  expression.compiled_ = {compiled.release(), end};
  return expression;
}

bool Expression::matches(const std::string& target) const {
  return ::regexec(compiled_.get(), target.c_str(), 0, nullptr, 0) == 0;
}

std::optional<std::string> Expression::sample(unsigned variant) const {
  auto text = Walk(text_, variant).alternatives();
  if (text.empty() || text.size() > kLongestSample || !matches(text)) return std::nullopt;
  return text;
}

}  // namespace mombridge
