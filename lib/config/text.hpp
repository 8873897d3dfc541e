#pragma once
// Plain text: units, numbers, and what may be shown.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace mombridge::config {

/// `'text'` for a diagnostic, cut where it is long.
std::string in_quotes(std::string_view text);

/// Decimal digits only.
std::optional<uint64_t> parse_unsigned(std::string_view text);
/// `250ms`, `10s`, `5m`, `1h`, or a bare `0`.
std::optional<Duration> parse_duration(std::string_view text);
/// `512`, `64KiB`, `8MiB`, `1GB`: bytes; the units of SI and of IEC.
std::optional<uint64_t> parse_size(std::string_view text);
/// The shortest of the above forms.
std::string to_text(Duration duration);
std::string size_text(uint64_t bytes);

/// What the name of a broker, a handler or the bridge may be: it stands in metrics, paths, queue and topic names.
bool valid_name(std::string_view text);

}  // namespace mombridge::config
