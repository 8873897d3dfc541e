#pragma once
// Landlock, by which the Linux kernel keeps a thread and all that it starts from files, signals and connections
// (https://docs.kernel.org/userspace-api/landlock.html).

#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/config.hpp"

namespace mombridge::handler::worker {

/// Version of the kernel's interface. 0: it has none, or somebody has forbidden it to this process.
int landlock_version();

/// What a handler in a worker may read and nobody needs to name: libraries, certificates, time zones, names of hosts
/// and users, /proc, /sys.
const std::vector<std::string>& always_readable();

/// Keeps the calling thread, and the threads that it starts, from all files but these, the plugin's file and the
/// libraries beside it; from processes outside (with version 6); and from TCP (with version 4) where `access` does not
/// allow the network. Not to be undone. Does nothing where there is no Landlock. The error names a path of `access`
/// that is not there, or what the system refused.
Result<> confine_by_landlock(const config::HandlerAccess& access, const std::string& plugin);

}  // namespace mombridge::handler::worker
