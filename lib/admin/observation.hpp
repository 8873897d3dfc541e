#pragma once
// Looks at the parts of a running bridge, and makes a Status of what it sees.

#include <string>
#include <utility>
#include <vector>

#include "admin/status.hpp"
#include "routing/router.hpp"
#include "topology/drained.hpp"
#include "topology/snapshot.hpp"

namespace mombridge::admin {

/// What there is to look at. For the duration of the call.
struct Observation {
  const topology::Snapshot& snapshot;
  const routing::Router& router;
  const topology::Drained& drained;
  const std::vector<std::pair<std::string, LinkStatus>>& stalls;  ///< by broker
  const Status::Load& config;
  Duration longest_stall{};
  bool draining = false;
};

/// [the bridge's thread] Asks no broker anything and waits for nothing: links say what they know.
[[nodiscard]] Status observe(const Observation& bridge);

}  // namespace mombridge::admin
