#pragma once
// Small text helpers: what is shown to people must be printable, what is put into JSON must be JSON.

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace mombridge {

[[nodiscard]] bool is_utf8(std::string_view bytes);

/// Inline, as every header's value is looked at and most is nothing else.
[[nodiscard]] inline bool is_ascii(std::string_view s) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  uint64_t word = 0, all = 0;
  size_t n = s.size();
  if (n < sizeof word) {
    for (char c : s) all |= static_cast<uint64_t>(static_cast<unsigned char>(c));
    return !(all & kHighBits);
  }
  for (size_t i = 0; i + sizeof word < n; i += sizeof word) {
    std::memcpy(&word, s.data() + i, sizeof word);
    all |= word;
  }
  std::memcpy(&word, s.data() + n - sizeof word, sizeof word);
  return !((all | word) & kHighBits);
}

/// The value of a hexadecimal digit in either case; -1 of any other character.
constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Of ASCII.
constexpr bool letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

inline constexpr std::string_view kHexDigits = "0123456789abcdef";

/// Two digits for each byte.
[[nodiscard]] std::string hex(std::string_view bytes);

/// "a, b, c".
[[nodiscard]] std::string joined(const std::vector<std::string>& parts, std::string_view between = ", ");

/// Hashes texts of any kind alike, so that an unordered map with keys of std::string finds a std::string_view. Goes
/// with std::equal_to<>.
struct TextHash : std::hash<std::string_view> {
  using is_transparent = void;
};

/// For logs and errors: control characters and bytes that are not UTF-8 become \xNN. With `longest` (bytes), the rest
/// is cut and marked with "…".
[[nodiscard]] std::string printable(std::string_view bytes, size_t longest = 4096);

/// A JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string json_string(std::string_view bytes);

}  // namespace mombridge
