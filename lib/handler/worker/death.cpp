#include "handler/worker/death.hpp"

#include <cstring>
#include <sys/wait.h>

#include "config/text.hpp"

namespace mombridge::handler::worker {

namespace {

/// What the bridge may have grown by while a process began.
constexpr uint64_t kGrowth = uint64_t{4} << 20;

/// Memory near the limit means that the next allocation was refused, which most programs do not survive. Where the
/// bridge had as much, nobody can tell how much the process had.
bool at_limit(const Death& death) {
  bool known = death.most_memory > death.inherited_memory + kGrowth;
  return death.out_of_memory || (death.memory_limit && known && death.most_memory >= death.memory_limit / 10 * 9);
}

std::string signal_name(int number) {
  const char* name = ::sigabbrev_np(number);
  return name ? "SIG" + std::string(name) : "signal " + std::to_string(number);
}

}  // namespace

std::string to_string(const Death& death) {
  if (!death.killed_for.empty()) return "was killed, because " + death.killed_for;
  auto text = WIFSIGNALED(death.status) ? "was killed by " + signal_name(WTERMSIG(death.status))
                                        : "ended with exit code " + std::to_string(WEXITSTATUS(death.status));
  if (at_limit(death)) text += " at its memory limit of " + config::size_text(death.memory_limit);
  return text;
}

}  // namespace mombridge::handler::worker
