#include "admin/words.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace mombridge::admin {

std::string span(int64_t ms) {
  constexpr std::pair<int64_t, char> kUnits[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
  auto left = std::max<int64_t>(ms, 0) / 1000;
  std::string text;
  int parts = 0;
  for (auto& [unit, name] : kUnits) {
    if (!parts && left < unit && unit > 1) continue;
    if (parts++ == 2) break;
    text += std::to_string(left / unit) + name;
    left %= unit;
  }
  return text;
}

std::string state_of_bridge(const nlohmann::json& status) {
  if (!status.at("alive")) return "not live: " + text_in(status.at("not_live"));
  if (status.at("draining")) return "draining";
  return status.at("ready") ? "ready" : "not ready";
}

std::string text_in(const nlohmann::json& value) { return printable(value.get<std::string>()); }

std::string count_in(const nlohmann::json& value) { return std::to_string(value.get<uint64_t>()); }

std::string rate_text(double rate) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), rate > 0 && rate < 9.95 ? "%.1f" : "%.0f", rate);
  return text.data();
}

std::string bytes_text(double bytes) {
  std::array<char, 64> text{};
  for (auto* unit : {"B", "KiB", "MiB", "GiB"}) {
    bool last = *unit == 'G';
    if (bytes >= 1000 && !last) {
      bytes /= 1024;
      continue;
    }
    bool tenth = last || (bytes > 0 && bytes < 9.95 && *unit != 'B');
    std::snprintf(text.data(), text.size(), tenth ? "%.1f %s" : "%.0f %s", bytes, unit);
    break;
  }
  return text.data();
}

std::string bytes_in(const nlohmann::json& value) {
  return value.is_null() ? std::string() : bytes_text(value.get<double>());
}

std::string memory_text(const nlohmann::json& memory) {
  return bytes_in(memory.at("in_flight_bytes")) + " of " + bytes_in(memory.at("budget_bytes"));
}

}  // namespace mombridge::admin
