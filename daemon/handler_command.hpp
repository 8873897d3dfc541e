#pragma once
// `mombridge handler`.

#include "daemon/handler_options.hpp"

namespace mombridge {

/// Runs the subcommand that was given, and returns the exit code.
int handler_command(const HandlerOptions& options, const HandlerCommands& commands);

}  // namespace mombridge
