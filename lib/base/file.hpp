#pragma once
// Whole files in memory.

#include <cstddef>
#include <string>

#include "base/result.hpp"

namespace mombridge {

/// The content of a regular file of at most `most` bytes, which are whole MiB. Anything else than a regular file is
/// refused, because it could block for ever or never end. Errors name the path: "cannot read PATH: Permission denied".
/// [any thread]
[[nodiscard]] Result<std::string> read_file(const std::string& path, size_t most);

}  // namespace mombridge
