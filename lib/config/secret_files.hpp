#pragma once
// Files that hold secrets and that others than their owner and group may read.

#include <filesystem>
#include <string_view>

#include "config/node.hpp"

namespace mombridge::config {

/// Whether anybody on this machine may read the file: its own mode says so, and that of every folder above it.
bool anybody_may_read(const std::filesystem::path& path);

/// Returns true if the key, of the bridge's configuration or of librdkafka's, has a secret as its value.
[[nodiscard]] bool names_secret(std::string_view key);

/// Warns where `file`, whose tree is `root`, has a password or another secret written out and anybody may read it.
void warn_of_open_secrets(const std::string& file, const Node& root, Diagnostics& diagnostics);

}  // namespace mombridge::config
