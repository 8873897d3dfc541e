#include "message/bridge_owned.hpp"

namespace mombridge {

bool goes_on(std::string_view name, const Value& value, bool reply) {
  constexpr size_t kLongestCode = 64;
  if (name == header::kHops || name == header::kDeadline) return whole_number(value).value_or(-1) >= 0;
  return name == header::kError && reply && value.is_text() && value.text.size() <= kLongestCode;
}

bool is_true(const Value& value) {
  return value.is_text() ? value.text == "true" : value.kind == Value::Kind::boolean && value.integer;
}

}  // namespace mombridge
