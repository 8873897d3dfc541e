#pragma once
// `handler new`: a project for a handler, that builds and passes its test as it is.

#include "daemon/handler_options.hpp"

namespace mombridge {

/// Writes the folder `options.name`, which must not exist; says what to do next, or on standard error what is wrong;
/// returns the exit code.
int new_handler(const HandlerOptions& options);

}  // namespace mombridge
