#pragma once
// `check --connect`: what the brokers say to a configuration.

#include <ostream>

#include "config/config.hpp"

namespace mombridge {

/// Logs in to every broker, all at the same time, looks at what the configuration uses there, and writes a line about
/// each thing: "ok", "warn" or "failed". Returns false where something failed. Changes nothing anywhere.
bool check_access(const config::Config& config, std::ostream& out);

}  // namespace mombridge
