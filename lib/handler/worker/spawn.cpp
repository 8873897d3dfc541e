#include "handler/worker/spawn.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace mombridge::handler::worker {

namespace {

std::string& program() {
  static auto* path = new std::string;  // never destroyed: the thread of the workers outlives main()
  return *path;
}

/// What a plugin may need and no secret is in. The bridge's own environment holds passwords (`${env:NAME}`).
constexpr std::string_view kKept[] = {"PATH",         "LANG",         "LANGUAGE",      "TZ",          "LD_LIBRARY_PATH",
                                      "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"};

std::vector<std::string> clean_environment() {
  std::vector<std::string> kept;
  for (char** variable = environ; variable && *variable; ++variable) {
    std::string_view text = *variable;
    auto name = text.substr(0, text.find('='));
    bool keep = name.starts_with("LC_");
    for (auto known : kKept) keep = keep || name == known;
    if (keep) kept.emplace_back(text);
  }
  return kept;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

Error system_error(const char* what) { return {std::string(what) + ": " + std::strerror(errno)}; }

/// The same descriptor with a number that none of the worker's has, so that one of those never replaces it.
Fd raised(Fd fd) { return Fd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 10)); }

/// What a thread's stack may grow to.
constexpr uint64_t kStack = uint64_t{8} << 20;

struct ChildEnds {
  Fd input, output, socket, page;
};

class Actions {
 public:
  Actions() { ::posix_spawn_file_actions_init(&actions_); }
  ~Actions() { ::posix_spawn_file_actions_destroy(&actions_); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;

  void hand_over(const ChildEnds& ends) {
    ::posix_spawn_file_actions_adddup2(&actions_, ends.input.get(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, ends.output.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, ends.output.get(), STDERR_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, ends.socket.get(), kSocket);
    ::posix_spawn_file_actions_adddup2(&actions_, ends.page.get(), kPage);
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, kPage + 1);
  }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

class Attributes {
 public:
  Attributes() {
    ::posix_spawnattr_init(&attributes_);
    // A group of its own: an interrupt from the terminal is for the bridge, which lets the worker finish, and what the
    // worker starts can be killed with it.
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    sigset_t none, all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
  }
  ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  [[nodiscard]] const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

Result<> make_ends(Spawned& ours, ChildEnds& theirs) {
  std::array<int, 2> pair{}, pipe{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
    return fail(system_error("cannot make a socket"));
  ours.socket = Fd(pair[0]);
  theirs.socket = raised(Fd(pair[1]));
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return fail(system_error("cannot make a pipe"));
  ours.output = Fd(pipe[0]);
  theirs.output = raised(Fd(pipe[1]));
  theirs.input = raised(Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
  Fd page;
  auto made = Page::make(page);
  if (!made) return fail(made.error());
  ours.page = std::move(*made);
  theirs.page = raised(std::move(page));
  for (auto* fd : {&ours.socket, &ours.output}) ::fcntl(fd->get(), F_SETFL, O_NONBLOCK);
  for (auto* fd : {&theirs.socket, &theirs.output, &theirs.input, &theirs.page})
    if (!*fd) return fail(system_error("cannot make the descriptors of a worker"));
  return {};
}

}  // namespace

void set_worker_program(std::string path) { program() = std::move(path); }

Result<Spawned> spawn(const SpawnOptions& options) {
  if (program().empty()) return fail("this program has no worker processes");
  Spawned ours;
  ChildEnds theirs;
  if (auto made = make_ends(ours, theirs); !made) return fail(made.error());
  Actions actions;
  actions.hand_over(theirs);
  Attributes attributes;
  auto environment = clean_environment();
  std::vector<std::string> arguments{"mombridge",
                                     kWorkerArgument,
                                     options.name,
                                     std::to_string(::getpid()),
                                     std::to_string(options.limits.memory + options.threads * kStack),
                                     std::to_string(options.limits.open_files),
                                     std::to_string(options.limits.processors)};
  int error = ::posix_spawn(&ours.pid, program().c_str(), actions.get(), attributes.get(), pointers(arguments).data(),
                            pointers(environment).data());
  if (error) return fail(std::string("cannot start ") + program() + ": " + std::strerror(error));
  // Not by <sys/pidfd.h>, which glibc 2.36 has without C linkage.
  ours.pidfd = Fd(static_cast<int>(::syscall(SYS_pidfd_open, ours.pid, 0)));
  if (!ours.pidfd) {
    auto why = system_error("cannot watch a worker");
    kill_and_reap(ours);
    return fail(why);
  }
  return ours;
}

int kill_and_reap(const Spawned& process) {
  // Before it is reaped, because its number can belong to somebody else from then on.
  ::kill(-process.pid, SIGKILL);
  ::kill(process.pid, SIGKILL);
  int status = 0;
  while (::waitpid(process.pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace mombridge::handler::worker
