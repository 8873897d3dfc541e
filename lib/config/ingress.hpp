#pragma once
// `ingress:`, apart from the rest because its token is read again when it is used.

#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "config/live_secret.hpp"

namespace mombridge::config {

/// One line of `allow:`, as in "shop/order.*".
struct AllowedTarget {
  std::string broker;
  std::string glob;  ///< shell glob over the whole target
  Mark mark;
};

/// The listener that takes messages over HTTP.
struct Ingress {
  Listener listener;
  LiveSecret token;  ///< empty: none is asked for, and the listener is local
  std::vector<AllowedTarget> allow;
  uint64_t max_body = 1 << 20;   ///< bytes of one body
  unsigned max_requests = 1000;  ///< for each broker, how many may be open at a time
  /// For each broker, bytes of the open requests together. By default a quarter of the process's `memory` at most.
  uint64_t max_waiting = 64 << 20;
  Duration timeout = std::chrono::seconds(30);  ///< for a confirm or a reply, where the request does not say

  [[nodiscard]] bool allows(std::string_view broker, std::string_view target) const;
};

}  // namespace mombridge::config
