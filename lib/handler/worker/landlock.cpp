#include "handler/worker/landlock.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <linux/landlock.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

#include "base/fd.hpp"

namespace mombridge::handler::worker {

namespace {

// Debian 12's header ends with version 2 of the interface; the rest is as the kernel documents it.
constexpr uint64_t kTruncate = uint64_t{1} << 14;        // version 3
constexpr uint64_t kControlDevices = uint64_t{1} << 15;  // version 5
constexpr uint64_t kBindAndConnectTcp = 3;               // version 4
constexpr uint64_t kAbstractSockets = 1, kSignals = 2;   // version 6

/// As the kernel has it since version 6. Older ones take it where what they do not know is 0.
struct RulesetAttributes {
  uint64_t handled_access_fs;
  uint64_t handled_access_net;
  uint64_t scoped;
};

constexpr uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr uint64_t kWrite = kRead | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                            LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                            LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM |
                            LANDLOCK_ACCESS_FS_REFER | kTruncate;
/// Those of them that a file can have which is no folder.
constexpr uint64_t kOfFiles = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate;

constexpr const char* kDevices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"};

uint64_t handled_by(int version) {
  auto all = (uint64_t{LANDLOCK_ACCESS_FS_MAKE_SYM} << 1) - 1;  // version 1 has all up to this one
  if (version >= 2) all |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3) all |= kTruncate;
  if (version >= 5) all |= kControlDevices;
  return all;
}

Error system_error(const std::string& what) { return {what + ": " + std::strerror(errno)}; }

/// Rules as they are gathered. [one thread]
class Ruleset {
 public:
  static Result<Ruleset> make(int version, bool network) {
    RulesetAttributes attributes{.handled_access_fs = handled_by(version),
                                 .handled_access_net = version >= 4 && !network ? kBindAndConnectTcp : 0,
                                 .scoped = version < 6 ? 0
                                           : network   ? kSignals
                                                       : kSignals | kAbstractSockets};
    Ruleset made;
    made.handled_ = attributes.handled_access_fs;
    made.fd_ = Fd(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
    if (!made.fd_) return fail(system_error("cannot make rules of Landlock"));
    return made;
  }

  /// Below a folder, all that is in it.
  Result<> allow(const std::string& path, uint64_t access) {
    Fd at(::open(path.c_str(), O_PATH | O_CLOEXEC));
    struct stat found {};
    if (!at || ::fstat(at.get(), &found) != 0) return fail(system_error(path));
    if (!S_ISDIR(found.st_mode)) access &= kOfFiles;
    landlock_path_beneath_attr rule{.allowed_access = access & handled_, .parent_fd = at.get()};
    if (::syscall(SYS_landlock_add_rule, fd_.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0) return {};
    return fail(system_error("cannot make a rule of Landlock for " + path));
  }

  Result<> enter() {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (::syscall(SYS_landlock_restrict_self, fd_.get(), 0) == 0) return {};
    return fail(system_error("cannot enter the rules of Landlock"));
  }

 private:
  Fd fd_;
  uint64_t handled_ = 0;
};

/// The plugin's file and those beside it that are libraries: not the folder, where a configuration may be, too.
std::vector<std::string> with_its_libraries(const std::string& plugin) {
  std::vector<std::string> all{plugin};
  std::error_code error;
  for (auto& entry : std::filesystem::directory_iterator(std::filesystem::path(plugin).parent_path(), error))
    if (entry.path().filename().string().find(".so") != std::string::npos) all.push_back(entry.path().string());
  return all;
}

std::vector<std::string> library_path() {
  std::vector<std::string> folders;
  const char* path = std::getenv("LD_LIBRARY_PATH");
  std::string_view rest = path ? path : "";
  while (!rest.empty()) {
    auto end = rest.find(':');
    if (end != 0) folders.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return folders;
}

}  // namespace

const std::vector<std::string>& always_readable() {
  // Not all of /etc, because the bridge's own configuration is there.
  static const auto* paths = new std::vector<std::string>{
      "/usr", "/lib", "/lib32", "/lib64", "/bin", "/proc", "/sys", "/etc/ld.so.cache", "/etc/ssl", "/etc/pki",
      "/etc/ca-certificates", "/etc/crypto-policies", "/etc/localtime", "/etc/timezone", "/etc/locale.alias",
      "/etc/hosts", "/etc/host.conf", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services",
      // Where resolv.conf is, if it is a link: it is replaced whenever the network changes.
      "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager", "/etc/protocols", "/etc/passwd", "/etc/group",
      "/etc/os-release", "/etc/mime.types", "/etc/alternatives"};
  return *paths;
}

int landlock_version() {
  auto version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version > 0 ? static_cast<int>(version) : 0;
}

Result<> confine_by_landlock(const config::HandlerAccess& access, const std::string& plugin) {
  auto version = landlock_version();
  if (!version) return {};
  auto rules = Ruleset::make(version, access.network);
  if (!rules) return fail(rules.error());
  // What a machine does not have of these is not missed.
  for (auto& path : always_readable()) (void)rules->allow(path, kRead);
  for (auto& path : library_path()) (void)rules->allow(path, kRead);
  for (auto& path : with_its_libraries(plugin)) (void)rules->allow(path, kRead);
  for (auto* path : kDevices) (void)rules->allow(path, kRead | LANDLOCK_ACCESS_FS_WRITE_FILE);
  for (auto& path : access.read)
    if (auto allowed = rules->allow(path, kRead); !allowed) return fail(allowed.error().in("allow"));
  for (auto& path : access.write)
    if (auto allowed = rules->allow(path, kWrite); !allowed) return fail(allowed.error().in("allow"));
  return rules->enter();
}

}  // namespace mombridge::handler::worker
