#pragma once
// The lines of a tap, as people read them.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace mombridge::admin {

struct TapLine {
  enum class Kind : uint8_t { opened, arrived, happened, settled, left_out };
  Kind kind = Kind::happened;
  uint64_t message = 0;  ///< its number; of `left_out`: how many; of `opened`: none
  std::string text;      ///< with the end of its last line, without control characters
};

/// Of one line of TapStream. Fails for what is none.
[[nodiscard]] Result<TapLine> read_tap_line(std::string_view line);

}  // namespace mombridge::admin
