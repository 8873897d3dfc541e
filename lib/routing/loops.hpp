#pragma once
// Routes that send to where they read, themselves or by way of others.

#include "config/config.hpp"
#include "config/diagnostics.hpp"

namespace mombridge::routing {

/// Follows a few messages of each subscription through the routes. Where all of them come back, that is an error; where
/// only some do, or where it depends on a message's header or key, or on the kind of an exchange, it is a warning. What
/// a route's `from.headers` may end, and what cannot be followed, is not reported: it is stopped where it comes back.
void check_loops(const config::Config& config, config::Diagnostics& diagnostics);

}  // namespace mombridge::routing
