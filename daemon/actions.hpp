#pragma once
// What can be posted to the admin listener of a running bridge.

#include <functional>

#include "admin/action.hpp"
#include "daemon/bridge.hpp"
#include "daemon/reload.hpp"
#include "daemon/section_drain.hpp"

namespace mombridge {

/// What the actions act on; all of it outlives them.
struct Steering {
  Bridge& bridge;
  Reload& reload;
  SectionDrain& sections;
  std::function<void()> stop;  ///< drains the whole bridge and ends the process
};

/// For the main loop's thread.
[[nodiscard]] admin::Actions actions_of(const Steering& steering);

}  // namespace mombridge
