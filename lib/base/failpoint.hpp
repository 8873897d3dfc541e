#pragma once
// Mistakes on purpose, for tests/faults to prove its checker with: MOMBRIDGE_FAIL=NAME makes the mistake called NAME,
// MOMBRIDGE_FAIL=NAME:exit:N ends the process, as kill -9 would, where NAME is passed for the N-th time.
// Only in a build with MOMBRIDGE_FAILPOINTS; otherwise nothing is left of them.

#include <string_view>

#ifdef MOMBRIDGE_FAILPOINTS

#include <atomic>
#include <cstdlib>
#include <unistd.h>

namespace mombridge {

/// [any thread] True: make the mistake.
inline bool failpoint(std::string_view name) {
  static const char* const set = std::getenv("MOMBRIDGE_FAIL");
  if (!set) return false;
  std::string_view wanted = set;
  auto exit = wanted.find(":exit:");
  if (wanted.substr(0, exit) != name) return false;
  if (exit == std::string_view::npos) return true;
  static std::atomic<long> left{std::atol(set + exit + 6)};
  if (left.fetch_sub(1) == 1) ::_exit(1);
  return false;
}

}  // namespace mombridge

#else

namespace mombridge {
constexpr bool failpoint(std::string_view) { return false; }
}  // namespace mombridge

#endif
