#pragma once
// A child process for code that is not trusted: whatever it does, this process goes on and says how the child ended.

#include <functional>
#include <ostream>
#include <string>
#include <sys/types.h>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace mombridge {

class ChildProcess {
 public:
  /// [child] Returns the exit code.
  using Work = std::function<int(ChildProcess&)>;

  ChildProcess();
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Forks, so this process must have one thread. Runs `work` in the child, waits for it and returns its exit code.
  /// Where the child crashed, ended by itself or took too long, one line on `err` says so, beginning with `subject`,
  /// and kExitSoftware is returned. The child ends with this process and leaves no core behind.
  int run(const std::string& subject, std::ostream& err, const Work& work);

  /// [child] What it does from now on, as in "while handle() ran", a literal; it takes `limit` at the longest, and then
  /// the child is killed. Before the first call there is no limit.
  void doing(const char* what, Duration limit);

 private:
  /// In memory that both processes see.
  struct Shared;

  [[noreturn]] void work_and_end(const Work& work);
  bool wait_for_end(pid_t child);

  Shared* shared_;
};

}  // namespace mombridge
