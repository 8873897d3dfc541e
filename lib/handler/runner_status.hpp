#pragma once
// How a handler's plugin runs, for people.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/counters.hpp"
#include "base/family.hpp"

namespace mombridge::handler {

/// One moment of a worker process. Times are in milliseconds since the Unix epoch.
struct WorkerStatus {
  std::string state;  ///< a word: starting, running, waiting (for its next start), stopping, stopped
  int64_t pid = 0;    ///< 0: there is no process
  int64_t since = 0;  ///< when the process began; 0: there is none
  uint64_t restarts = 0;
  std::string last_end;     ///< why the last process ended, printable; empty: none has
  int64_t last_end_at = 0;  ///< 0: none has
};

/// The threads of a plugin that runs in the bridge's own process.
struct ThreadsStatus {
  size_t all = 0;
  size_t written_off = 0;  ///< in a handle() that has not returned in time; they count again when it does

  /// None is left that would take a call.
  [[nodiscard]] bool stuck() const { return all && written_off >= all; }
};

/// How often a handler's worker has been started anew, by the handler's name.
Family<Counter>& worker_restarts();

}  // namespace mombridge::handler
