#include "handler/worker/death.hpp"

#include <cstring>
#include <sys/wait.h>

#include "config/text.hpp"

namespace mombridge::handler::worker {

namespace {

std::string signal_name(int number) {
  const char* name = ::sigabbrev_np(number);
  return name ? "SIG" + std::string(name) : "signal " + std::to_string(number);
}

}  // namespace

std::string to_string(const Death& death) {
  if (!death.killed_for.empty()) return "was killed, because " + death.killed_for;
  auto text = WIFSIGNALED(death.status) ? "was killed by " + signal_name(WTERMSIG(death.status))
                                        : "ended with exit code " + std::to_string(WEXITSTATUS(death.status));
  if (death.out_of_memory) text += " at its memory limit of " + config::size_text(death.memory_limit);
  return text;
}

}  // namespace mombridge::handler::worker
