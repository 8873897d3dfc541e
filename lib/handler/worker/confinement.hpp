#pragma once
// What a worker process may not do: set before its plugin is loaded, and not to be undone.

#include "base/result.hpp"

namespace mombridge::handler::worker {

/// [the worker's first thread, before others] By the arguments of spawn(). Fails where the process was not started by a
/// bridge, or the system refuses.
Result<> confine(int argc, char** argv);

}  // namespace mombridge::handler::worker
