#pragma once
// Reads files of cases.

#include <string>
#include <vector>

#include "cases/case.hpp"
#include "config/diagnostics.hpp"

namespace mombridge::cases {

/// The cases of one file, in its order. What is wrong is reported with its place, and left out.
std::vector<Case> read(const std::string& file, config::Diagnostics& diagnostics);

/// The same of a text that was read already.
std::vector<Case> read_cases(const std::string& file, const std::string& text, config::Diagnostics& diagnostics);

}  // namespace mombridge::cases
