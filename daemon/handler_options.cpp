#include "daemon/handler_options.hpp"

#include <CLI/CLI.hpp>

namespace mombridge {

HandlerCommands add_handler_commands(CLI::App& app, HandlerOptions& options) {
  auto* all = app.add_subcommand("handler", "Write a handler, look at one, or call one without a broker");
  auto* make = all->add_subcommand("new", "Write a project for a new handler: source, test, build, configuration");
  make->add_option("NAME", options.name, "of the handler and of the folder that is made")->required();
  make->add_option("--lang", options.language, "cpp or c")->capture_default_str();
  auto* inspect = all->add_subcommand("inspect", "Say what a plugin is, or why it cannot be loaded");
  auto* run = all->add_subcommand("run", "Call a plugin without a broker; print verdict, reply and time");
  for (auto* command : {inspect, run}) command->add_option("FILE", options.file, "the plugin, a .so")->required();
  run->add_option("body", options.body, "the body; without, or with -, standard input");
  run->add_option("--target", options.target, "the message's routing key or topic")->required();
  run->add_option("-H,--header", options.headers, "a header, as name=value; may be repeated")
      ->allow_extra_args(false);  // what follows is the body
  run->add_option("--key", options.key, "the record's key");
  run->add_option("--content-type", options.content_type, "as in application/json");
  run->add_option("--config", options.settings,
                  "of the handler's configuration, as path=value, or a YAML file of it; may be repeated")
      ->allow_extra_args(false);
  run->add_option("--timeout", options.timeout, "for one call")->capture_default_str();
  run->add_option("--count", options.count, "so many calls, one after the other; then with percentiles of their times")
      ->check(CLI::Range(size_t{1}, size_t{100'000'000}));
  run->add_flag("-v,--verbose", options.verbose, "show the reply's properties and headers, on standard error");
  return {all, make, inspect, run};
}

}  // namespace mombridge
