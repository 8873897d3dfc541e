#pragma once
// Reads `token:` of a broker's section.

#include <optional>

#include "config/yaml_reader.hpp"
#include "token/settings.hpp"

namespace mombridge::token {

/// The map under `token` of a broker's section; empty where it is absent or cannot be used, which is reported. With
/// `environment` (LoadOptions) the files that it names are looked at. A relative path begins at the folder of the file
/// that names it.
std::optional<Settings> read_settings(config::Section& broker, bool environment);

}  // namespace mombridge::token
