#pragma once
// `status`: what the running bridge says of itself.

#include <ostream>

#include "base/result.hpp"
#include "config/config.hpp"
#include "daemon/options.hpp"

namespace mombridge {

/// Asks the bridge that runs by this configuration, and prints its answer as the options say. Returns whether the
/// bridge is alive; fails where none answers.
[[nodiscard]] Result<bool> show_status(const config::Config& config, const Options& options, std::ostream& out);

}  // namespace mombridge
