#pragma once
// What can be posted to the admin listener of a running bridge.

#include "admin/action.hpp"
#include "daemon/reload.hpp"

namespace mombridge {

/// For the main loop's thread. `reload` outlives it.
[[nodiscard]] admin::Actions actions_of(Reload& reload);

}  // namespace mombridge
