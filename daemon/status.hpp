#pragma once
// What the running bridge says of itself: to `status`, and to the log.

#include <ostream>

#include "admin/status.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "daemon/options.hpp"

namespace mombridge {

/// Asks the bridge that runs by this configuration, and prints its answer as the options say. Returns whether the
/// bridge is alive; fails where none answers.
[[nodiscard]] Result<bool> show_status(const config::Config& config, const Options& options, std::ostream& out);

/// Writes the tables of the status to the log, a line each.
void log_status(const admin::Status& status);

}  // namespace mombridge
