#include "handler/worker/sandbox.hpp"

#include <mutex>

#include "base/log.hpp"
#include "handler/worker/landlock.hpp"
#include "handler/worker/system_calls.hpp"

namespace mombridge::handler::worker {

Result<> enter_sandbox(const config::HandlerAccess& access, const std::string& plugin) {
  if (auto confined = confine_by_landlock(access, plugin); !confined) return confined;
  return can_filter_system_calls() ? filter_system_calls(access.network) : Result<>();
}

void log_sandbox() {
  static std::once_flag once;
  std::call_once(once, [] {
    auto version = landlock_version();
    bool calls = can_filter_system_calls();
    auto files = version ? "by Landlock " + std::to_string(version)
                         : std::string("no: the kernel has no Landlock, or forbids it");
    std::string processes = calls          ? "by seccomp"
                            : version >= 6 ? "from signals, by Landlock"
                                           : "no: the kernel has no seccomp";
    std::string network = calls          ? "by seccomp"
                          : version >= 4 ? "from TCP, by Landlock"
                                         : "no: the kernel has no seccomp";
    log::event(version && calls ? log::Level::info : log::Level::warn,
               "handlers' worker processes are kept from what 'allow' does not name",
               {{"files", files}, {"processes", processes}, {"network", network}});
  });
}

}  // namespace mombridge::handler::worker
