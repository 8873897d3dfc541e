#include "admin/words.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

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
  if (!status.at("alive")) return "an event loop is stuck";
  if (status.at("draining")) return "draining";
  return status.at("ready") ? "ready" : "not ready";
}

}  // namespace mombridge::admin
