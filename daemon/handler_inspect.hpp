#pragma once
// `handler inspect`: what a plugin is, or why it cannot be loaded.

#include "daemon/handler_options.hpp"

namespace mombridge {

/// Loads the plugin in a child process, so that no code of it runs in this one. Writes what it is to standard output,
/// or on standard error what is wrong, and returns the exit code.
int inspect_handler(const HandlerOptions& options);

}  // namespace mombridge
