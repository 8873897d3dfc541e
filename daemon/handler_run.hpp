#pragma once
// `handler run`: a plugin called without a broker.

#include "daemon/handler_options.hpp"

namespace mombridge {

/// Runs the plugin as the bridge does, in a child process. Writes the reply to standard output, verdict and time to
/// standard error, and returns the exit code.
int run_handler(const HandlerOptions& options);

}  // namespace mombridge
