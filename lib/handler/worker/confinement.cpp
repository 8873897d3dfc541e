#include "handler/worker/confinement.hpp"

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <signal.h>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "handler/worker/spawn.hpp"

namespace mombridge::handler::worker {

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kLimitMemory = false;  // a sanitizer maps terabytes
#else
constexpr bool kLimitMemory = true;
#endif

uint64_t number(const char* text) {
  uint64_t n = 0;
  std::from_chars(text, text + std::strlen(text), n);
  return n;
}

Result<> limit(__rlimit_resource resource, uint64_t most, const char* what) {
  rlimit now{};
  ::getrlimit(resource, &now);
  most = std::min<uint64_t>(most, now.rlim_max);
  rlimit wanted{most, most};
  if (::setrlimit(resource, &wanted) == 0) return {};
  return fail(std::string("cannot limit ") + what + " of a worker: " + std::strerror(errno));
}

}  // namespace

Result<> confine(int argc, char** argv) {
  int type = 0;
  socklen_t size = sizeof type;
  if (argc != 6 || ::getsockopt(kSocket, SOL_SOCKET, SO_TYPE, &type, &size) != 0)
    return fail("'worker' is how the bridge starts itself for a handler, and no command for people");
  // A core may hold messages and the handler's configuration. Without, nothing else of this user may look into it.
  ::prctl(PR_SET_DUMPABLE, 0);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (static_cast<uint64_t>(::getppid()) != number(argv[3])) return fail("the bridge has ended meanwhile");
  if (auto ok = limit(RLIMIT_CORE, 0, "cores"); !ok) return ok;
  if (auto ok = limit(RLIMIT_NOFILE, number(argv[5]), "open files"); !ok) return ok;
  // Memory that can be written and is nobody else's: the heap and stacks, and not the program's own code.
  return kLimitMemory ? limit(RLIMIT_DATA, number(argv[4]), "memory") : Result<>{};
}

}  // namespace mombridge::handler::worker
