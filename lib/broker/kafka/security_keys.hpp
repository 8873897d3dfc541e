#pragma once
// How `tls:`, `sasl:` and `token:` of a section are read.

#include "broker/kafka/settings.hpp"
#include "config/kind_reader.hpp"
#include "config/yaml_reader.hpp"

namespace mombridge::kafka {

/// Reads `tls:` and `sasl:` into `settings.security`, and `token:`, and reports what contradicts them among the keys of
/// `librdkafka:`, which are read already.
void read_security(config::Section& section, const config::KindContext& context, Settings& settings);

}  // namespace mombridge::kafka
