#pragma once
// Whether the clients of a section can be made at all.

#include "config/config.hpp"
#include "config/diagnostics.hpp"

namespace mombridge::kafka {

/// BrokerKind::try_out: makes the clients with all that they would be made with, and ends them again, because many of
/// librdkafka's settings are valid alone and refused together. Connects to nothing. Takes some milliseconds.
void try_out(const config::BrokerSection& section, config::Diagnostics& diagnostics);

}  // namespace mombridge::kafka
