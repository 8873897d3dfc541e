#include "message/expression.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <vector>

namespace mombridge {

namespace {

/// No topic is longer, and nobody writes longer expressions.
constexpr size_t kLongestSample = 249, kLongestText = 1024;

void end(const regex_t* regex) {
  ::regfree(const_cast<regex_t*>(regex));
  delete regex;
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
    size_t at = !rest_.empty() && rest_[0] == '^' ? 1 : 0;
    if (at < rest_.size() && rest_[at] == ']') ++at;
    while (at < rest_.size() && rest_[at] != ']') {
      bool named = rest_[at] == '[' && at + 1 < rest_.size() && rest_[at + 1] == ':';
      auto close = named ? rest_.find(":]", at) : std::string_view::npos;
      at = close == std::string_view::npos ? at + 1 : close + 2;
    }
    auto one = Expression::compile("^[" + std::string(rest_.substr(0, at + 1)) + "$");
    rest_.remove_prefix(std::min(at + 1, rest_.size()));
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
  if (text_.size() > kLongestText) return std::nullopt;
  auto text = Walk(text_, variant).alternatives();
  if (text.empty() || text.size() > kLongestSample || !matches(text)) return std::nullopt;
  return text;
}

}  // namespace mombridge
