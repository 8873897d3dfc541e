#pragma once
// What `tls:` and `sasl:` mean to librdkafka.

#include <vector>

#include "base/result.hpp"
#include "broker/kafka/client_properties.hpp"
#include "broker/kafka/security.hpp"

namespace mombridge::kafka {

/// For a client that is made now: its files are looked at and its secrets read. Empty where a section has neither map.
/// Fails, in words that name the file, where one of them cannot be used.
Result<std::vector<Property>> security_properties(const Security& security);

}  // namespace mombridge::kafka
