#pragma once
// The in-process broker: a publication is handed on as a delivery that views the publication's own bytes, and completes
// as that delivery is settled. Nothing is copied and nothing is stored: what waits here is held by its own source.

#include <memory>

#include "broker/broker.hpp"
#include "config/config.hpp"

namespace mombridge::memory {

/// The section's settings must be memory::Settings.
///
/// Because a delivery's bytes are the publication's, stop() cannot complete a publication whose delivery is still in
/// somebody's hands: that one completes when it is settled, even after stop().
std::unique_ptr<Broker> create(const config::BrokerSection& section);

}  // namespace mombridge::memory
