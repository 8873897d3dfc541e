#include "handler/worker/confinement.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

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

/// So many of those that the bridge may use. Workers begin at different ones.
Result<> limit_processors(uint64_t most) {
  cpu_set_t all, own;
  if (most == 0 || ::sched_getaffinity(0, sizeof all, &all) != 0) return {};
  std::vector<int> processors;
  for (int i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(i, &all)) processors.push_back(i);
  CPU_ZERO(&own);
  auto first = static_cast<size_t>(::getpid());
  for (size_t i = 0; i < std::min<size_t>(most, processors.size()); ++i)
    CPU_SET(processors[(first + i) % processors.size()], &own);
  if (::sched_setaffinity(0, sizeof own, &own) == 0) return {};
  return fail(std::string("cannot limit the processors of a worker: ") + std::strerror(errno));
}

/// Those of a bridge that runs as root. Without them, root is a user like others, who owns root's files.
void drop_capabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3]{};
  ::syscall(SYS_capset, &header, none);
}

}  // namespace

Result<> confine(int argc, char** argv) {
  int type = 0;
  socklen_t size = sizeof type;
  if (argc != 7 || ::getsockopt(kSocket, SOL_SOCKET, SO_TYPE, &type, &size) != 0)
    return fail("'worker' is how the bridge starts itself for a handler, and no command for people");
  // A core may hold messages and the handler's configuration. Without, nothing else of this user may look into it.
  ::prctl(PR_SET_DUMPABLE, 0);
  drop_capabilities();
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (static_cast<uint64_t>(::getppid()) != number(argv[3])) return fail("the bridge has ended meanwhile");
  if (auto ok = limit(RLIMIT_CORE, 0, "cores"); !ok) return ok;
  if (auto ok = limit(RLIMIT_NOFILE, number(argv[5]), "open files"); !ok) return ok;
  if (auto ok = limit_processors(number(argv[6])); !ok) return ok;
  // Memory that can be written and is nobody else's: the heap and stacks, and not the program's own code.
  return kLimitMemory ? limit(RLIMIT_DATA, number(argv[4]), "memory") : Result<>{};
}

}  // namespace mombridge::handler::worker
