#pragma once
// What tables for people say of a status, wherever they are shown.

#include <cstdint>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace mombridge::admin {

/// "3d4h", "5m12s", "12s": the two largest units of that many milliseconds.
[[nodiscard]] std::string span(int64_t ms);

/// "ready", "not ready", "draining" or "not live: WHY", from the JSON of a status. Throws what the library
/// does for what is no status.
[[nodiscard]] std::string state_of_bridge(const nlohmann::json& status);

/// A text or a count in such JSON. The bridge has made texts printable; another program at its address would not.
[[nodiscard]] std::string text_in(const nlohmann::json& value);
[[nodiscard]] std::string count_in(const nlohmann::json& value);

/// "0", "3.2" or "120".
[[nodiscard]] std::string rate_text(double rate);
/// "512 B", "3.2 KiB", "120 MiB".
[[nodiscard]] std::string bytes_text(double bytes);
/// The same of a number in such JSON; nothing where it is null.
[[nodiscard]] std::string bytes_in(const nlohmann::json& value);
/// "1.4 MiB of 256 MiB", of the status's `memory`.
[[nodiscard]] std::string memory_text(const nlohmann::json& memory);

}  // namespace mombridge::admin
