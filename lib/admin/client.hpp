#pragma once
// Asks a running bridge over its admin listener.

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "config/config.hpp"

namespace mombridge::admin {

/// For a parameter of a path.
[[nodiscard]] std::string percent_encoded(std::string_view text);

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

/// Hands the lines of the response to a GET of `path`, from that bridge, to `line` as they come, until that returns
/// false or the bridge closes the connection. Fails where none answers, or not with 200. Blocks for as long as it
/// takes.
[[nodiscard]] Result<> follow(const config::Config& config, const std::string& path,
                              const std::function<bool(std::string_view line)>& line);

}  // namespace mombridge::admin
