#include "message/typed_text.hpp"

#include <charconv>
#include <limits>
#include <type_traits>
#include <utility>

#include "base/text.hpp"
#include "message/nested_json.hpp"
#include "message/scalar_types.hpp"

namespace mombridge {

namespace {

using Kind = Value::Kind;

constexpr std::string_view kNames[] = {"null", "bool", "i8",  "u8",  "i16", "u16",  "i32", "u32",
                                       "i64",  "u64",  "f32", "f64", "dec", "time", "str", "bin"};

template <class N>
bool parse(std::string_view text, N& number) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

template <class N>
bool integer(std::string_view text, Value& value) {
  std::conditional_t<std::is_signed_v<N>, int64_t, uint64_t> number{};
  if (!parse(text, number) || !std::in_range<N>(number)) return false;
  value.integer = static_cast<int64_t>(number);
  return true;
}

template <class N>
bool real(std::string_view text, Value& value) {
  N number{};
  if (!parse(text, number)) return false;
  value.real = number;
  return true;
}

bool boolean(std::string_view text, Value& value) {
  value.integer = text == "true";
  return value.integer || text == "false";
}

bool decimal(std::string_view text, Value& value) {
  auto point = text.find('.');
  auto scale = point == std::string_view::npos ? 0 : text.size() - point - 1;
  if (scale > std::numeric_limits<uint8_t>::max()) return false;
  std::string digits(text);
  if (point != std::string_view::npos) digits.erase(point, 1);
  value.scale = static_cast<uint8_t>(scale);
  return integer<int64_t>(digits, value);
}

}  // namespace

std::string_view type_name(Kind kind) { return kNames[static_cast<size_t>(kind)]; }

bool scalar_from(std::string_view type, std::string_view text, Value& value) {
  size_t i = 0;
  while (i < std::size(kNames) && kNames[i] != type) ++i;
  if (i == std::size(kNames)) return false;
  value = {};
  value.kind = static_cast<Kind>(i);
  switch (value.kind) {
    case Kind::boolean:
      return boolean(text, value);
    case Kind::i8:
      return integer<int8_t>(text, value);
    case Kind::u8:
      return integer<uint8_t>(text, value);
    case Kind::i16:
      return integer<int16_t>(text, value);
    case Kind::u16:
      return integer<uint16_t>(text, value);
    case Kind::i32:
      return integer<int32_t>(text, value);
    case Kind::u32:
      return integer<uint32_t>(text, value);
    case Kind::i64:
    case Kind::timestamp:
      return integer<int64_t>(text, value);
    case Kind::u64:
      return integer<uint64_t>(text, value);
    case Kind::f32:
      return real<float>(text, value);
    case Kind::f64:
      return real<double>(text, value);
    case Kind::decimal:
      return decimal(text, value);
    case Kind::string:
    case Kind::bytes:
      value.text = text;
      return true;
    case Kind::null:
      return text == "null";
    case Kind::array:
    case Kind::table:
      break;
  }
  return false;
}

bool needs_type(const Value& value) {
  switch (value.kind) {
    case Kind::null:
      return false;
    case Kind::string:
      return !is_utf8(value.text);
    case Kind::bytes:
      return is_utf8(value.text);
    default:
      return true;
  }
}

void to_text(const Value& value, std::string& text, std::string& type) {
  if (value.kind == Kind::array || value.kind == Kind::table) return write_nested(value, text, type);
  type += type_name(value.kind);
  if (value.is_text())
    text += value.text;
  else if (auto scalar = scalar_text(value))
    text += *scalar;
}

bool from_text(std::string_view type, std::string_view text, Value& value, Arena& arena) {
  if (type.starts_with('[') || type.starts_with('{')) return read_nested(type, text, value, arena);
  return type != type_name(Kind::null) && scalar_from(type, text, value);
}

}  // namespace mombridge
