#pragma once
// Where a message would go and why, in words.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "routing/route_table.hpp"

namespace mombridge::routing {

struct Explanation {
  bool taken = false;
  std::string text;  ///< several lines
};

/// What would become of a message with this target, these headers and this key from `broker`, which is in the table.
Explanation explain(const RouteTable& table, const std::string& broker, const std::string& target,
                    const std::vector<std::pair<std::string, std::string>>& headers,
                    const std::optional<std::string>& key = std::nullopt);

}  // namespace mombridge::routing
