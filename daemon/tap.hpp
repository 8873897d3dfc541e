#pragma once
// `tap`: shows messages as they pass through the running bridge.

#include <cstdint>
#include <ostream>
#include <string>

#include "base/result.hpp"
#include "config/config.hpp"

namespace CLI {
class App;
}

namespace mombridge {

/// As given.
struct TapOptions {
  std::string route, broker, target;  ///< empty: any
  bool headers = false, body = false, json = false;
  uint64_t count = 0;  ///< so many messages; 0: until it is ended
};
CLI::App* add_tap_command(CLI::App& app, TapOptions& options);

/// Shows what passes through the bridge that runs by this configuration, until `count` messages are shown and settled,
/// or nobody reads `out` any more. How many were not shown goes to `notes`. Fails where no bridge answers, it refuses,
/// or ends.
[[nodiscard]] Result<> show_messages(const config::Config& config, const TapOptions& options, std::ostream& out,
                                     std::ostream& notes);

}  // namespace mombridge
