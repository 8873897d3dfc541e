#include "daemon/child_process.hpp"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>
#include <new>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/exit_codes.hpp"

namespace mombridge {

namespace {

constexpr Duration kLook = std::chrono::milliseconds(20);

std::string signal_text(int signal) {
  auto* name = ::sigabbrev_np(signal);
  auto* words = ::sigdescr_np(signal);
  return (name ? "SIG" + std::string(name) : "signal " + std::to_string(signal)) +
         (words ? " (" + std::string(words) + ")" : "");
}

}  // namespace

struct ChildProcess::Shared {
  std::atomic<const char*> what{nullptr};  ///< a literal is at the same address in both
  std::atomic<Duration::rep> deadline{0};  ///< of the steady clock, which both have in common; 0: none
  std::atomic<bool> finished{false};       ///< the work has returned
};

ChildProcess::ChildProcess() {
  void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  shared_ = new (memory) Shared;
}

ChildProcess::~ChildProcess() { ::munmap(shared_, sizeof(Shared)); }

void ChildProcess::doing(const char* what, Duration limit) {
  shared_->what = what;
  shared_->deadline = (Clock::now() + limit).time_since_epoch().count();
}

void ChildProcess::work_and_end(const Work& work) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  int code = kExitSoftware;
  try {
    code = work(*this);
  } catch (const std::exception& e) {
    std::cerr << "mombridge: " << e.what() << '\n';
  }
  std::cout.flush();
  std::fflush(nullptr);
  shared_->finished = true;
  ::_exit(code);  // threads of the untrusted code may still run, so nothing is torn down
}

/// Returns false if its time is over first.
bool ChildProcess::wait_for_end(pid_t child) {
  for (;;) {
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == child)
      return true;
    auto deadline = shared_->deadline.load();
    if (deadline && Clock::now().time_since_epoch().count() > deadline) return false;
    ::poll(nullptr, 0, static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(kLook).count()));
  }
}

int ChildProcess::run(const std::string& subject, std::ostream& err, const Work& work) {
  std::cout.flush();
  std::fflush(nullptr);
  auto child = ::fork();
  if (child == 0) work_and_end(work);
  if (child < 0) {
    err << "mombridge: cannot start a process: " << std::strerror(errno) << '\n';
    return kExitSoftware;
  }
  bool late = !wait_for_end(child);
  if (late) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (WIFEXITED(status) && shared_->finished) return WEXITSTATUS(status);
  auto* what = shared_->what.load();
  err << "mombridge: " << subject
      << (late                  ? " did not come back in time"
          : WIFSIGNALED(status) ? " crashed with " + signal_text(WTERMSIG(status))
                                : " ended its process with exit code " + std::to_string(WEXITSTATUS(status)))
      << (what ? std::string(" while ") + what : "") << '\n';
  return kExitSoftware;
}

}  // namespace mombridge
