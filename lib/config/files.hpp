#pragma once
// From the paths of the command line to one merged tree.

#include <filesystem>
#include <string>
#include <vector>

#include "config/diagnostics.hpp"
#include "config/node.hpp"

namespace mombridge::config {

/// The files that `paths` stand for, in order; what is missing or empty is reported.
std::vector<std::string> files_of(const std::vector<std::filesystem::path>& paths, Diagnostics& diagnostics);

/// The content of a file that should be text: bounded, UTF-8, without control characters. False with a report
/// otherwise.
bool read_text(const std::string& file, std::string& text, Diagnostics& diagnostics);

/// Expands `${...}` in every scalar below `node` (expand.cpp).
void expand(Node& node, const std::string& path, bool environment, Diagnostics& diagnostics);

/// Adds one file's tree: sections and routes are joined; what stands in both is reported with both places.
void merge(Node& into, Node file, Diagnostics& diagnostics);

}  // namespace mombridge::config
