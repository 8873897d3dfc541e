#include "handler/worker/system_calls.hpp"

#include <cerrno>
#include <cstring>
#include <initializer_list>
#include <linux/seccomp.h>
#include <memory>
#include <sched.h>
#include <seccomp.h>
#include <string>
#include <sys/prctl.h>
#include <unistd.h>

namespace mombridge::handler::worker {

namespace {

/// Refused whatever their arguments. A call that this architecture does not have is none to refuse.
constexpr const char* kRefused[] = {
    // Processes and programs.
    "fork", "vfork", "execve", "execveat", "tkill", "ptrace", "process_vm_readv", "process_vm_writev",
    "process_madvise", "process_mrelease", "pidfd_open", "pidfd_getfd", "pidfd_send_signal", "kcmp", "setns", "unshare",
    // The system, where the bridge runs as root.
    "mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen", "fsmount", "swapon", "swapoff",
    "reboot", "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "bpf", "perf_event_open",
    "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname", "acct", "quotactl",
    "keyctl", "add_key", "request_key", "userfaultfd", "open_by_handle_at", "iopl", "ioperm", "syslog"};

class Filter {
 public:
  Filter() : context_(::seccomp_init(SCMP_ACT_ALLOW)) {}
  ~Filter() {
    if (context_) ::seccomp_release(context_);
  }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  /// The first error is kept for load().
  void refuse(const char* call, int error) { add(call, error, nullptr); }
  void refuse(const char* call, int error, scmp_arg_cmp when) { add(call, error, &when); }

  Result<> load() {
    if (!error_) error_ = ::seccomp_load(context_);
    if (!error_) return {};
    return fail(std::string("cannot filter system calls: ") + std::strerror(-error_));
  }

 private:
  void add(const char* call, int error, const scmp_arg_cmp* when) {
    auto number = ::seccomp_syscall_resolve_name(call);
    if (number < 0 || error_) return;
    error_ =
        ::seccomp_rule_add_array(context_, SCMP_ACT_ERRNO(static_cast<uint32_t>(error)), number, when ? 1 : 0, when);
  }

  const scmp_filter_ctx context_;
  int error_ = context_ ? 0 : -ENOMEM;
};

scmp_arg_cmp is_not(unsigned argument, uint64_t value) {
  return {.arg = argument, .op = SCMP_CMP_NE, .datum_a = value, .datum_b = 0};
}

scmp_arg_cmp lacks(unsigned argument, uint64_t bit) {
  return {.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = bit, .datum_b = 0};
}

}  // namespace

bool can_filter_system_calls() { return ::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0; }

Result<> filter_system_calls(bool network) {
  auto own = static_cast<uint64_t>(::getpid());
  Filter filter;
  for (auto* call : kRefused) filter.refuse(call, EPERM);
  // A signal may go to its own threads: abort() and raise() are such.
  for (auto* call : {"kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"})
    filter.refuse(call, EPERM, is_not(0, own));
  filter.refuse("prlimit64", EPERM, is_not(0, 0));
  // Threads are made by clone(), and by clone3() where there is one, whose flags a filter cannot see.
  filter.refuse("clone", EPERM, lacks(0, CLONE_THREAD));
  filter.refuse("clone3", ENOSYS);
  // It makes sockets, too, past all filters.
  filter.refuse("io_uring_setup", ENOSYS);
  if (!network) filter.refuse("socket", EACCES);
  return filter.load();
}

}  // namespace mombridge::handler::worker
