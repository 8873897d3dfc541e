#pragma once
// What a `type: memory` section says, read by config.cpp.

#include <string>
#include <vector>

#include "config/config.hpp"

namespace mombridge::memory {

/// `subscribe: [{queue: NAME}]`; the name may be a pattern of the topic-exchange language over targets. Index by index
/// beside BrokerSettings::subscriptions. A broker without any takes every target as its one implicit subscription `#`.
struct Settings : config::BrokerSettings {
  std::vector<std::string> queues;
  uint32_t prefetch_count = 10000;  ///< messages in flight; more wait
};

}  // namespace mombridge::memory
