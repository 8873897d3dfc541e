#pragma once
// What is wrong with the routes of a configuration as a whole, seen before anything runs.

#include <memory>

#include "config/config.hpp"
#include "config/diagnostics.hpp"
#include "routing/destination.hpp"

namespace mombridge::routing {

/// Reports, with the place in the file: templates that cannot be compiled or let a message choose any target,
/// subscriptions that no route can match, routes that nothing can reach, memory targets that nobody takes, loops that
/// every message would go round, a dead letter that its own route reads; as warnings: what may be a loop, private
/// queues that miss what is published while the bridge is not connected, requests that are not answered, reply
/// addresses that nothing limits, a bridge without a dead letter, quorum queues that would drop messages.
void check(const std::shared_ptr<const config::Config>& config, const DestinationKinds& kinds,
           config::Diagnostics& diagnostics);

}  // namespace mombridge::routing
