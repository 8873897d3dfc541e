#include "daemon/handler_inspect.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <filesystem>
#include <iostream>
#include <string_view>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "base/text.hpp"
#include "daemon/child_process.hpp"
#include "daemon/exit_codes.hpp"
#include "handler/library.hpp"

namespace mombridge {

namespace {

constexpr Duration kLoading = std::chrono::seconds(10);
constexpr size_t kMostShown = 20;  ///< of what is missing

/// The part of an ELF file's header that has the same place on all machines.
struct ElfStart {
  unsigned char ident[EI_NIDENT];
  uint16_t type, machine;
};

std::string machine_name(uint16_t machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "AArch64";
    case EM_386:
      return "32-bit x86";
    case EM_ARM:
      return "32-bit ARM";
    case EM_RISCV:
      return "RISC-V";
    case EM_PPC64:
      return "PowerPC 64";
    case EM_S390:
      return "S/390";
    default:
      return "ELF machine " + std::to_string(machine);
  }
}

bool read_start(const std::string& file, ElfStart& start) {
  Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  return fd.get() >= 0 && ::read(fd.get(), &start, sizeof start) == static_cast<ssize_t>(sizeof start) &&
         std::memcmp(start.ident, ELFMAG, SELFMAG) == 0;
}

/// Why the file is for another machine; the loader would only say that it cannot be opened. Empty: it is not.
std::string foreign(const std::string& file) {
  ElfStart own{}, other{};
  if (!read_start("/proc/self/exe", own) || !read_start(file, other) || other.machine == own.machine) return {};
  return "it was built for " + machine_name(other.machine) + ", and this bridge runs on " + machine_name(own.machine);
}

/// The dynamic loader of this process.
std::string loader_path() {
  Dl_info info{};
  auto* base = reinterpret_cast<void*>(::getauxval(AT_BASE));  // NOLINT(performance-no-int-to-ptr)
  return base && ::dladdr(base, &info) && info.dli_fname ? info.dli_fname : "";
}

/// What the dynamic loader says of the file when it is asked to resolve everything and to run nothing.
std::string loader_report(const std::string& file) {
  auto loader = loader_path();
  int ends[2];
  if (loader.empty() || ::pipe2(ends, O_CLOEXEC) != 0) return {};
  Fd in(ends[0]), out(ends[1]);
  auto child = ::fork();
  if (child == 0) {
    ::dup2(out.get(), STDOUT_FILENO);
    ::dup2(out.get(), STDERR_FILENO);
    ::setenv("LD_TRACE_LOADED_OBJECTS", "1", 1);
    ::setenv("LD_WARN", "1", 1);
    ::setenv("LD_BIND_NOW", "1", 1);
    ::unsetenv("LD_PRELOAD");
    ::execl(loader.c_str(), loader.c_str(), file.c_str(), nullptr);
    ::_exit(kExitSoftware);
  }
  out.reset();
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t n; child > 0 && (n = ::read(in.get(), buffer.data(), buffer.size())) > 0;)
    text.append(buffer.data(), static_cast<size_t>(n));
  if (child > 0) ::waitpid(child, nullptr, 0);
  return text;
}

/// One line of the report in words; empty where it reports nothing that is missing.
std::string missing(std::string_view line) {
  constexpr std::string_view kSymbol = "undefined symbol: ", kNone = " => not found", kVersion = ": version `";
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  if (line.ends_with(kNone))
    return "library " + std::string(line.substr(0, line.size() - kNone.size())) + " is missing";
  if (line.starts_with(kSymbol)) {
    line.remove_prefix(kSymbol.size());
    return "symbol " + std::string(line.substr(0, line.find_first_of("\t, "))) + " is in none of its libraries";
  }
  if (auto at = line.find(kVersion); at != std::string_view::npos && line.find("not found") != std::string_view::npos) {
    auto version = line.substr(at + kVersion.size());
    return "version " + std::string(version.substr(0, version.find('\''))) +
           " of a library is missing: it was built on a newer system";
  }
  return {};
}

void say_what_is_missing(std::string_view report) {
  size_t found = 0;
  while (!report.empty()) {
    auto end = std::min(report.find('\n'), report.size());
    auto words = missing(report.substr(0, end));
    report.remove_prefix(std::min(end + 1, report.size()));
    if (words.empty()) continue;
    if (++found <= kMostShown) std::cerr << "  " << printable(words) << '\n';
  }
  if (found > kMostShown) std::cerr << "  and " << found - kMostShown << " more\n";
}

int inspect(const std::string& file, ChildProcess& child) {
  auto report = loader_report(file);
  child.doing("it was loaded, by code of its own that runs then", kLoading);
  auto table = handler::open_library(file);
  if (!table) {
    auto other = foreign(file);
    std::cerr << "mombridge: " << (other.empty() ? table.error().text : file + ": " + other) << '\n';
    if (other.empty()) say_what_is_missing(report);
    return kExitConfig;
  }
  auto& t = **table;
  std::cout << "file     " << file << "\nhandler  " << printable(t.name) << "\nversion  " << printable(t.version)
            << "\nABI      " << t.abi_major << '.' << t.abi_minor << ", this bridge has " << MOMBRIDGE_ABI_MAJOR << '.'
            << MOMBRIDGE_ABI_MINOR << "\nthreads  "
            << (t.flags & MOMBRIDGE_HANDLER_SERIAL ? "one call at a time (serial)"
                                                   : "several calls at a time, as `concurrency` says")
            << "\nstart    " << (t.start ? "yes" : "none") << "\nstop     " << (t.stop ? "yes" : "none") << '\n';
  return kExitOk;
}

}  // namespace

int inspect_handler(const HandlerOptions& options) {
  std::error_code error;
  // Absolute, because the loader searches the library path for a name without a slash.
  auto file = std::filesystem::absolute(options.file, error).lexically_normal().string();
  return ChildProcess().run(file, std::cerr, [&](ChildProcess& child) { return inspect(file, child); });
}

}  // namespace mombridge
