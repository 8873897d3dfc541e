#pragma once
// What a configuration sends to a broker, as far as its file can tell.

#include <vector>

#include "broker/access.hpp"
#include "config/config.hpp"

namespace mombridge::routing {

/// What routes, dead letters, answers to requesters and the service beside the bridge send to the broker of that
/// section, in the order of the file. What handlers publish by themselves is not known. The options are the
/// configuration's.
std::vector<Sending> sent_to(const config::Config& config, const config::BrokerSection& section);

}  // namespace mombridge::routing
