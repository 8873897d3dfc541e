#pragma once
// How much memory the system lets this process have.

#include <cstdint>
#include <filesystem>
#include <optional>

namespace mombridge {

/// [any thread] The least memory limit of the control groups that the process is in, in bytes; nothing where none is
/// set. Knows version 2 (`memory.max`) and version 1 (`memory.limit_in_bytes`). Below `root` it reads proc/self/cgroup
/// and sys/fs/cgroup. Source: cgroups(7), the kernel's admin-guide/cgroup-v2 and cgroup-v1/memory.
std::optional<uint64_t> container_memory(const std::filesystem::path& root = "/");

}  // namespace mombridge
