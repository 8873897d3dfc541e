#pragma once
// The kinds of brokers that this program knows.

#include <vector>

#include "broker/registry.hpp"

namespace mombridge {

const std::vector<BrokerKind>& broker_kinds();

/// The kind of that `type:`; the configuration was checked, so there is one.
const BrokerKind& broker_kind(const std::string& type);

/// Just how each kind reads its section.
std::vector<config::KindReader> kind_readers();

}  // namespace mombridge
