#pragma once
// Commands that make the running bridge do something: `reload`, `drain`.

#include <optional>
#include <ostream>
#include <string>

#include "config/config.hpp"
#include "config/diagnostics.hpp"

namespace CLI {
class App;
}

namespace mombridge {

/// As given.
struct SteerOptions {
  std::string timeout = "75s";
  std::optional<std::string> broker, route;  ///< drain: absent: the whole bridge
  bool resume = false;                       ///< drain
};

struct SteerCommands {
  CLI::App *reload, *drain;
};
SteerCommands add_steer_commands(CLI::App& app, SteerOptions& options);

/// Whom the commands ask: the bridge that runs by this configuration. It may run by an earlier one of the same name and
/// listener, so that `diagnostics`, of the files as they are now, are said only where no bridge answers.
struct Steered {
  const config::Config& config;
  const config::Diagnostics& diagnostics;
};

/// Prints what has become of it, errors to `errors`, and returns the exit code.
[[nodiscard]] int steer_reload(const Steered& bridge, const SteerOptions& options, std::ostream& out,
                               std::ostream& errors);
[[nodiscard]] int steer_drain(const Steered& bridge, const SteerOptions& options, std::ostream& out,
                              std::ostream& errors);

}  // namespace mombridge
