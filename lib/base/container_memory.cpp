#include "base/container_memory.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string>
#include <string_view>

namespace mombridge {

namespace {

/// Version 1 writes "no limit" as the largest multiple of a page below 2^63.
constexpr uint64_t kNoLimit = uint64_t{1} << 60;

std::optional<uint64_t> limit_in(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string text;
  if (!(in >> text)) return std::nullopt;
  uint64_t bytes = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  bool is_limit = error == std::errc{} && end == text.data() + text.size() && bytes > 0 && bytes < kNoLimit;
  return is_limit ? std::optional(bytes) : std::nullopt;
}

/// The least one of the group's and of those around it. In a container the path may be one of the host's, which is not
/// there: then only the top is, which is the container's own.
std::optional<uint64_t> least_limit(const std::filesystem::path& top, std::string group, const char* file) {
  std::optional<uint64_t> least;
  for (;;) {
    auto limit = limit_in(top / std::filesystem::path(group).relative_path() / file);
    if (limit) least = std::min(least.value_or(*limit), *limit);
    if (group.empty()) return least;
    group.resize(group.rfind('/') == std::string::npos ? 0 : group.rfind('/'));
  }
}

bool names(std::string_view controllers, std::string_view wanted) {
  for (;;) {
    auto comma = controllers.find(',');
    if (controllers.substr(0, comma) == wanted) return true;
    if (comma == std::string_view::npos) return false;
    controllers.remove_prefix(comma + 1);
  }
}

}  // namespace

std::optional<uint64_t> container_memory(const std::filesystem::path& root) {
  std::ifstream groups(root / "proc/self/cgroup");
  std::optional<uint64_t> least;
  for (std::string line; std::getline(groups, line);) {
    // "0::/path" is version 2, "4:memory:/path" version 1.
    auto first = line.find(':');
    auto second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    auto controllers = std::string_view(line).substr(first + 1, second - first - 1);
    auto group = line.substr(second + 1);
    std::optional<uint64_t> limit;
    if (controllers.empty())
      limit = least_limit(root / "sys/fs/cgroup", group, "memory.max");
    else if (names(controllers, "memory"))
      limit = least_limit(root / "sys/fs/cgroup/memory", group, "memory.limit_in_bytes");
    if (limit) least = std::min(least.value_or(*limit), *limit);
  }
  return least;
}

}  // namespace mombridge
