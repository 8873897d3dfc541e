#include "message/bridge_owned.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace mombridge {

namespace {

// A number, and perhaps a space and the marks of the routes that the message has passed (routing/hops.hpp).
bool is_hops(const Value& value) {
  constexpr size_t kLongestMarks = 64;
  auto of_mark = [](char c) { return letter_or_digit(c) || c == '-' || c == '_'; };
  auto space = value.is_text() ? value.text.find(' ') : std::string_view::npos;
  if (space == std::string_view::npos) return whole_number(value).value_or(-1) >= 0;
  auto marks = value.text.substr(space + 1);
  return whole_number(Value::of(value.text.substr(0, space))).value_or(-1) >= 0 && marks.size() <= kLongestMarks &&
         std::ranges::all_of(marks, of_mark);
}

}  // namespace

bool goes_on(std::string_view name, const Value& value, bool reply) {
  constexpr size_t kLongestCode = 64;
  if (name == header::kHops) return is_hops(value);
  if (name == header::kDeadline) return whole_number(value).value_or(-1) >= 0;
  return name == header::kError && reply && value.is_text() && value.text.size() <= kLongestCode;
}

bool is_true(const Value& value) {
  return value.is_text() ? value.text == "true" : value.kind == Value::Kind::boolean && value.integer;
}

}  // namespace mombridge
