#pragma once
// What the system knows of this process.

#include <cstdint>
#include <optional>
#include <string>

namespace mombridge::admin {

[[nodiscard]] std::string program_version();

/// When it began, in milliseconds since the Unix epoch: when this was asked for the first time, which is at its start.
int64_t process_started();

/// Each is absent where the system does not say. Source: proc(5).
struct ProcessUse {
  std::optional<double> cpu_seconds;
  std::optional<uint64_t> resident_bytes, virtual_bytes, open_files, most_files, threads;
};
[[nodiscard]] ProcessUse process_use();

}  // namespace mombridge::admin
