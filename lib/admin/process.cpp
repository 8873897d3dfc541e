#include "admin/process.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.hpp"

namespace mombridge::admin {

namespace {

uint64_t page_bytes() { return static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)); }

}  // namespace

std::string program_version() { return MOMBRIDGE_VERSION; }

int64_t process_started() {
  static const int64_t kStarted = unix_ms();
  return kStarted;
}

ProcessUse process_use() {
  ProcessUse use;
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0)
    use.cpu_seconds = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                      static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) use.most_files = limit.rlim_cur;
  std::ifstream memory("/proc/self/statm");
  if (uint64_t size = 0, resident = 0; memory >> size >> resident) {
    use.virtual_bytes = size * page_bytes();
    use.resident_bytes = resident * page_bytes();
  }
  std::error_code error;
  auto count = [&](const char* folder) -> std::optional<uint64_t> {
    uint64_t entries = 0;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
      ++entries;
    return error ? std::nullopt : std::optional(entries);
  };
  use.open_files = count("/proc/self/fd");
  if (use.open_files && *use.open_files) --*use.open_files;  // the one that counted
  use.threads = count("/proc/self/task");
  return use;
}

}  // namespace mombridge::admin
