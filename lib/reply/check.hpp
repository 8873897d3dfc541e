#pragma once
// What is wrong with a configuration as far as return paths go.

#include "config/config.hpp"
#include "config/diagnostics.hpp"

namespace mombridge::reply {

/// Reports names that cannot be told apart in a return path, and reply addresses that cannot fit one.
void check(const config::Config& config, config::Diagnostics& diagnostics);

}  // namespace mombridge::reply
