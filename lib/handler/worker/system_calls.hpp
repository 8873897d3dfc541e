#pragma once
// System calls that a worker process cannot make, by seccomp.

#include "base/result.hpp"

namespace mombridge::handler::worker {

/// This process may set a filter of system calls, as any may where the kernel has them.
bool can_filter_system_calls();

/// [a worker's first thread, before others] Refuses with an error number, to this thread and to those that it starts,
/// all calls that reach other processes (signals, their memory), start processes or programs, or change the system; and
/// without `network` all that make sockets. Not to be undone.
Result<> filter_system_calls(bool network);

}  // namespace mombridge::handler::worker
