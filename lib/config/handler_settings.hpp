#pragma once
// A handler's own configuration: a map of any depth, as one list of scalars.

#include <map>
#include <string>

#include "config/diagnostics.hpp"
#include "config/node.hpp"

namespace mombridge::config {

/// By dotted path, with elements of lists numbered from 0: "db.path", "hosts.0".
using HandlerSettings = std::map<std::string, std::string>;

/// Adds all scalars of `node`. `path` is where it stands in the file, for diagnostics: a name that comes twice, as
/// nested maps and as one key with dots.
void flatten(const Node& node, const std::string& path, HandlerSettings& settings, Diagnostics& diagnostics);

/// Adds the settings of a file that is nothing but a handler's `config:`. `${…}` stays as it is.
void read_settings(const std::string& file, HandlerSettings& settings, Diagnostics& diagnostics);

}  // namespace mombridge::config
