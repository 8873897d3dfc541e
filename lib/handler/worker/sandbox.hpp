#pragma once
// Keeps a worker process from everything but its messages and what its handler's `allow` names, as far as the kernel
// can.

#include <string>

#include "base/result.hpp"
#include "config/config.hpp"

namespace mombridge::handler::worker {

/// [a worker's first thread, before others] Not to be undone. The error says what the system refused; what the kernel
/// does not have is no error.
Result<> enter_sandbox(const config::HandlerAccess& access, const std::string& plugin);

/// [any thread] Logs, once in the life of this process, what workers are kept from here and what the kernel lacks.
void log_sandbox();

}  // namespace mombridge::handler::worker
