#pragma once
// What a `type: memory` section says, read by config.cpp.

#include <string>
#include <vector>

#include "config/config.hpp"

namespace mombridge::memory {

inline constexpr config::KindTraits kTraits{.type = "memory", .internal = true};

/// A subscription's source, `subscribe: [{queue: NAME}]`, may be a pattern of the topic-exchange language over targets.
/// A broker without `subscribe:` has an implicit first one, `#`, which takes what no other (of a route's `queue:`)
/// takes.
struct Settings : config::KindSettings<config::Subscription> {
  Settings() : KindSettings(kTraits) {}

  bool implicit_first = false;
  uint32_t prefetch_count = 10000;  ///< messages in flight; more wait
};

}  // namespace mombridge::memory
