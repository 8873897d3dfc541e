#pragma once
// The kinds of brokers and of destinations that this program knows.

#include <vector>

#include "broker/registry.hpp"
#include "routing/destination.hpp"

namespace mombridge {

const std::vector<BrokerKind>& broker_kinds();

/// The kind of that `type:`; the configuration was checked, so there is one.
const BrokerKind& broker_kind(const std::string& type);

/// What a route's destination can be.
const routing::DestinationKinds& destination_kinds();

/// Just how each kind reads its section.
std::vector<config::KindReader> kind_readers();

}  // namespace mombridge
