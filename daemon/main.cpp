#include <cstdio>
#include <exception>
#include <iostream>
#include <unistd.h>

#include "daemon/commands.hpp"

namespace {

/// Without the exit handlers of libraries, and of plugins: they free what threads still use that nobody waits for, as
/// OpenSSL's frees the locks that each thread takes when it ends. Such a process was killed by SIGSEGV now and then.
int end(int code) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // a sanitizer's report is an exit handler
  std::cout.flush();
  std::cerr.flush();
  std::fflush(nullptr);
  ::_exit(code);
#endif
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return end(mombridge::main_command(argc, argv));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "mombridge: %s\n", e.what());
    return end(mombridge::kExitSoftware);
  }
}
