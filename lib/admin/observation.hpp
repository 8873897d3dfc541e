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
  std::string not_live;  ///< as Status has it
  bool draining = false;
  bool wants_figures = false;  ///< brokers are asked for their figures from now on, for a while
};

/// [the bridge's thread] Waits for nothing: links and brokers say what they know.
[[nodiscard]] Status observe(const Observation& bridge);

}  // namespace mombridge::admin
