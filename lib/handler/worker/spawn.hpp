#pragma once
// Starts the program again as a worker.

#include <cstdint>
#include <string>
#include <sys/types.h>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "handler/worker/page.hpp"

namespace mombridge::handler::worker {

/// The first argument of a program that shall be a worker.
inline constexpr const char* kWorkerArgument = "worker";

/// Descriptors of a worker, beside 0 (nothing to read), 1 and 2 (a pipe to the bridge).
inline constexpr int kSocket = 3, kPage = 4;

/// What the worker gets on its command line, because it is needed before the first frame.
struct SpawnOptions {
  std::string name;      ///< of the handler, for `ps`
  unsigned threads = 1;  ///< that will call it: their stacks do not count as its memory
  config::HandlerLimits limits;
};

/// The bridge's side of a process that has begun. Whoever has it kills and reaps the process.
struct Spawned {
  pid_t pid = 0;
  Fd pidfd;   ///< readable when the process has ended
  Fd socket;  ///< does not block
  Fd output;  ///< of its standard output and error; does not block
  Page page;
};

/// Once, before the first spawn(): the program to start, which must be a mombridge. Without it there are no workers, so
/// that no other program starts itself again and again.
void set_worker_program(std::string path);

/// Starts a process in a group of its own, with nothing of the bridge's but these descriptors and a few variables of
/// the environment. The process is killed when the calling thread ends. The error names what the system refused.
Result<Spawned> spawn(const SpawnOptions& options);

/// Kills the process and what it has started, and reaps it. Waits for the process's end. Returns its status as wait()
/// has it.
int kill_and_reap(const Spawned& process);

}  // namespace mombridge::handler::worker
