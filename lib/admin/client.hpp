#pragma once
// Asks a running bridge over its admin listener.

#include <string>

#include "base/result.hpp"
#include "config/config.hpp"

namespace mombridge::admin {

/// The body of the response to a GET of `path`, from the bridge that runs by this configuration: at `admin.listen`,
/// else at its unix socket in the runtime folder. Fails where none answers within some seconds, or not with 200.
/// Blocks.
[[nodiscard]] Result<std::string> get(const config::Config& config, const std::string& path);

struct Answer {
  int status = 0;
  std::string body;
};

/// The response to a POST of `path`, whatever it is, from that bridge. Fails where none answers, or not within
/// `seconds`. Blocks.
[[nodiscard]] Result<Answer> post(const config::Config& config, const std::string& path, int seconds);

}  // namespace mombridge::admin
