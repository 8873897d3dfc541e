#pragma once
// From files and folders to a Config.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "config/config.hpp"
#include "config/diagnostics.hpp"
#include "config/kind_reader.hpp"
#include "config/written.hpp"

namespace mombridge::config {

struct LoadOptions {
  std::vector<std::filesystem::path> paths;  ///< files, or folders (their *.yaml in name order)
  bool environment = true;                   ///< false: `${…}` is not expanded, files and plugins are not looked at
  std::filesystem::path handler_folder;      ///< where a relative plugin path is looked for second
};

/// What `memory:` is where the file does not say it: half of what the system allows the process (`limit`, in bytes), at
/// most 1 GiB.
uint64_t default_memory(std::optional<uint64_t> limit);

/// Reads, expands, merges and checks everything that can be seen without compiling routes (that is routing/check).
/// Returns what could be read even where there are errors, so that later checks can add theirs.
Config load(const LoadOptions& options, const std::vector<KindReader>& kinds, Diagnostics& diagnostics);
/// The same, and notes what the parts say; nothing where there are errors.
Config load(const LoadOptions& options, const std::vector<KindReader>& kinds, Diagnostics& diagnostics,
            Written& written);

}  // namespace mombridge::config
