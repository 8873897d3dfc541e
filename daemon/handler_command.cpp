#include "daemon/handler_command.hpp"

#include <CLI/CLI.hpp>

#include "daemon/handler_inspect.hpp"
#include "daemon/handler_new.hpp"
#include "daemon/handler_run.hpp"

namespace mombridge {

int handler_command(const HandlerOptions& options, const HandlerCommands& commands) {
  if (*commands.make) return new_handler(options);
  return *commands.inspect ? inspect_handler(options) : run_handler(options);
}

}  // namespace mombridge
