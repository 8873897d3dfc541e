#pragma once
// Why a worker process ended, in words.

#include <cstdint>
#include <string>

namespace mombridge::handler::worker {

/// What is known when a process has ended.
struct Death {
  int status = 0;              ///< as wait() has it
  uint64_t memory_limit = 0;   ///< bytes
  bool out_of_memory = false;  ///< its memory was at the limit, as it said
  std::string killed_for;      ///< why the bridge has killed it; empty: the bridge has not
};

/// "was killed by SIGSEGV", "ended with exit code 0", "was killed by SIGSEGV at its memory limit of 256 MiB", or why
/// the bridge killed it.
std::string to_string(const Death& death);

}  // namespace mombridge::handler::worker
