#pragma once
// Small text helpers: what is shown to people must be printable, what is put into JSON must be JSON.

#include <string>
#include <string_view>

namespace mombridge {

[[nodiscard]] bool is_utf8(std::string_view bytes);

/// For logs and errors: control characters and bytes that are not UTF-8 become \xNN. With `longest` (bytes), the rest
/// is cut and marked with "…".
[[nodiscard]] std::string printable(std::string_view bytes, size_t longest = 4096);

/// A JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string json_string(std::string_view bytes);

}  // namespace mombridge
