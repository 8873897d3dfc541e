#pragma once
// What the command line of `handler` says.

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace CLI {
class App;
}

namespace mombridge {

/// As given.
struct HandlerOptions {
  std::string name, language = "cpp";     ///< new
  std::string file;                       ///< inspect, run: the plugin
  std::string target, key, content_type;  ///< run: of the message
  std::vector<std::string> headers;       ///< run: name=value
  std::vector<std::string> settings;      ///< run: path=value, or a file
  std::optional<std::string> body;        ///< run: without, or "-": standard input
  std::string timeout = "30s";            ///< run: for one call
  size_t count = 1;                       ///< run
  bool verbose = false;                   ///< run
};

/// The subcommands of `handler`.
struct HandlerCommands {
  CLI::App *all, *make, *inspect, *run;
};
HandlerCommands add_handler_commands(CLI::App& app, HandlerOptions& options);

}  // namespace mombridge
