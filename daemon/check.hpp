#pragma once
// Everything that can be said of a configuration without connecting to anything.

#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/diagnostics.hpp"
#include "config/load.hpp"
#include "config/written.hpp"

namespace mombridge {

/// Reads the files and checks the whole: syntax, references, routes, and where the options' `environment` is on what
/// client libraries have to say of their settings.
/// `written` gets what the parts of the files say.
std::shared_ptr<const config::Config> load_and_check(const config::LoadOptions& options,
                                                     config::Diagnostics& diagnostics, config::Written& written);

/// Opens and configures every plugin that is there, because its own checks of its `config:` are part of the file's.
void check_plugins(const config::Config& config, config::Diagnostics& diagnostics);

/// "2 brokers, 3 routes; needs 3 AMQP connections to shop": one line, for people.
std::string summary(const config::Config& config);

}  // namespace mombridge
