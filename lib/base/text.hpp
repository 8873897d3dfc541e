#pragma once
// Small text helpers: what is shown to people must be printable, what is put into JSON must be JSON.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace mombridge {

[[nodiscard]] bool is_utf8(std::string_view bytes);

/// Up to so many bytes, at the start, are ASCII. Inline, as every header's value is looked at and most is nothing else.
[[nodiscard]] inline size_t ascii_prefix(std::string_view s) {
  size_t n = 0;
  for (uint64_t word; n + sizeof word <= s.size(); n += sizeof word) {
    std::memcpy(&word, s.data() + n, sizeof word);
    if (word & 0x8080808080808080) break;
  }
  while (n < s.size() && static_cast<uint8_t>(s[n]) < 0x80) ++n;
  return n;
}

/// For logs and errors: control characters and bytes that are not UTF-8 become \xNN. With `longest` (bytes), the rest
/// is cut and marked with "…".
[[nodiscard]] std::string printable(std::string_view bytes, size_t longest = 4096);

/// A JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string json_string(std::string_view bytes);

}  // namespace mombridge
