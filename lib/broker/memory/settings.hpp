#pragma once
// What a `type: memory` section says, read by config.cpp.

#include <string>
#include <vector>

#include "config/config.hpp"

namespace mombridge::memory {

/// `subscribe: [{queue: NAME}]`; the name may be a pattern of the topic-exchange language over targets. Index by index
/// beside BrokerSettings::subscriptions. A broker without `subscribe:` has an implicit first one, `#`, which takes what
/// no other (of a route's `queue:`) takes.
struct Settings : config::BrokerSettings {
  std::vector<std::string> queues;
  bool implicit_first = false;
  uint32_t prefetch_count = 10000;  ///< messages in flight; more wait
};

}  // namespace mombridge::memory
