#include "message/value.hpp"

#include <charconv>
#include <string>

#include "base/text.hpp"

namespace mombridge {

namespace {
template <class N>
std::string number(N n) {
  char text[40];
  return {text, std::to_chars(text, text + sizeof text, n).ptr};
}

std::string decimal(int64_t integer, unsigned scale) {
  std::string digits = number(integer < 0 ? 0 - static_cast<uint64_t>(integer) : static_cast<uint64_t>(integer));
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  if (scale) digits.insert(digits.size() - scale, ".");
  return integer < 0 ? "-" + digits : digits;
}
}  // namespace

Value Value::of_untyped(std::string_view s) { return is_utf8(s) ? of(s) : of_bytes(s); }

std::optional<std::string> scalar_text(const Value& value) {
  switch (value.kind) {
    case Value::Kind::boolean:
      return value.integer ? "true" : "false";
    case Value::Kind::i8:
    case Value::Kind::u8:
    case Value::Kind::i16:
    case Value::Kind::u16:
    case Value::Kind::i32:
    case Value::Kind::u32:
    case Value::Kind::i64:
    case Value::Kind::timestamp:
      return number(value.integer);
    case Value::Kind::u64:
      return number(static_cast<uint64_t>(value.integer));
    case Value::Kind::f32:
      return number(static_cast<float>(value.real));
    case Value::Kind::f64:
      return number(value.real);
    case Value::Kind::decimal:
      return decimal(value.integer, value.scale);
    case Value::Kind::string:
    case Value::Kind::bytes:
      return std::string(value.text);
    case Value::Kind::null:
    case Value::Kind::array:
    case Value::Kind::table:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<int64_t> whole_number(const Value& value) {
  switch (value.kind) {
    case Value::Kind::i8:
    case Value::Kind::u8:
    case Value::Kind::i16:
    case Value::Kind::u16:
    case Value::Kind::i32:
    case Value::Kind::u32:
    case Value::Kind::i64:
      return value.integer;
    case Value::Kind::u64:
      return value.integer < 0 ? std::nullopt : std::optional(value.integer);
    case Value::Kind::string:
    case Value::Kind::bytes: {
      int64_t n = 0;
      auto* end = value.text.data() + value.text.size();
      auto [last, error] = std::from_chars(value.text.data(), end, n);
      return error == std::errc{} && last == end ? std::optional(n) : std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

}  // namespace mombridge
