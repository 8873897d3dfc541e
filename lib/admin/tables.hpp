#pragma once
// The JSON of /api/v1/status as tables, for people.

#include <string>

#include "base/result.hpp"

namespace mombridge::admin {

/// Fails on what is not such JSON, as from another program at that address.
[[nodiscard]] Result<std::string> status_tables(const std::string& json);

/// Whether the status says that the bridge is alive; false for what is no status.
[[nodiscard]] bool says_alive(const std::string& json);

}  // namespace mombridge::admin
