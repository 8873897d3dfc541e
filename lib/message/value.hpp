#pragma once
// Header values, in a form that belongs to no broker: AMQP's field types are the larger set, Kafka's bytes the smaller.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mombridge {

struct Header;

/// A typed value. Cheap to copy; text and members are views into memory that the message's owner keeps.
struct Value {
  /// Integers keep their AMQP width so that the way back restores it.
  enum class Kind : uint8_t {
    null,
    boolean,
    i8,
    u8,
    i16,
    u16,
    i32,
    u32,
    i64,
    u64,
    f32,
    f64,
    decimal,    ///< integer / 10^scale
    timestamp,  ///< seconds since the Unix epoch, in integer
    string,     ///< text; from AMQP not necessarily UTF-8, because its brokers do not look
    bytes,      ///< text, which is no text to those who read it
    array,      ///< members, their names empty
    table,      ///< members
  };

  Kind kind = Kind::null;
  uint8_t scale = 0;      ///< decimal only
  int64_t integer = 0;    ///< booleans (0, 1), all integers (u64 as its bit pattern), decimal, timestamp
  double real = 0;        ///< f32, f64
  std::string_view text;  ///< string, bytes
  std::span<const Header> members;

  static Value of(std::string_view s) { return {.kind = Kind::string, .text = s, .members = {}}; }
  static Value of_bytes(std::string_view s) { return {.kind = Kind::bytes, .text = s, .members = {}}; }
  /// A string where the bytes are UTF-8, else bytes: for what comes without a type.
  static Value of_untyped(std::string_view s);
  static Value of(int64_t v) { return {.kind = Kind::i64, .integer = v, .text = {}, .members = {}}; }
  static Value of_real(double v) { return {.kind = Kind::f64, .real = v, .text = {}, .members = {}}; }
  static Value of_bool(bool v) { return {.kind = Kind::boolean, .integer = v, .text = {}, .members = {}}; }

  [[nodiscard]] bool is_text() const { return kind == Kind::string || kind == Kind::bytes; }
};

struct Header {
  std::string_view name;
  Value value;
};

/// A scalar as people write it: numbers in decimal, the shortest text that reads back as the same number; nullopt for
/// null, arrays and tables. Timestamps are seconds since the epoch.
std::optional<std::string> scalar_text(const Value& value);

/// The whole number that a value is, or whose digits are its text; nullopt for anything else, and beyond 64 bits.
std::optional<int64_t> whole_number(const Value& value);

/// Nested arrays and tables deeper than this are hostile (a 130 KB header can nest 26,000 deep): decoders refuse them.
inline constexpr int kMaxNesting = 16;

}  // namespace mombridge
