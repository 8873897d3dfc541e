#pragma once
// `librdkafka:`, what is passed through to the client library.

#include "broker/kafka/settings.hpp"
#include "config/kind_reader.hpp"
#include "config/yaml_reader.hpp"

namespace mombridge::kafka {

/// Reads the map and lets librdkafka itself judge each name and value; refuses those that the bridge sets.
void read_librdkafka(config::Section& section, const config::KindContext& context, Settings& settings);

}  // namespace mombridge::kafka
