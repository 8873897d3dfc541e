#include "daemon/steering.hpp"

#include <chrono>

#include <CLI/CLI.hpp>

#include "admin/action.hpp"
#include "admin/client.hpp"
#include "admin/verdict.hpp"
#include "config/text.hpp"
#include "daemon/exit_codes.hpp"

namespace mombridge {

namespace {

/// For the answer's way, beyond the time that the bridge itself allows.
constexpr Duration kMargin = std::chrono::seconds(5);

int complain(std::ostream& errors, int code, const std::string& why) {
  errors << "mombridge: " << why << '\n';
  return code;
}

/// Posts, and gives the answer with one of the statuses that `expected` accepts. An exit code, and said, where there is
/// none.
tl::expected<admin::Answer, int> ask(const Steered& bridge, const std::string& path, const std::string& timeout,
                                     std::ostream& errors) {
  auto patience = config::parse_duration(timeout);
  if (!patience || *patience <= Duration::zero())
    return tl::unexpected(
        complain(errors, kExitUsage, "--timeout takes a duration like 30s or 2m, not '" + timeout + "'"));
  auto seconds = std::chrono::ceil<std::chrono::seconds>(*patience + kMargin);
  auto answer = admin::post(bridge.config, path + "?timeout=" + timeout, static_cast<int>(seconds.count()));
  if (answer) return std::move(*answer);
  if (bridge.diagnostics.ok()) return tl::unexpected(complain(errors, kExitUnavailable, answer.error().text));
  // What is wrong with the files may be why they do not say where the bridge listens.
  for (auto& d : bridge.diagnostics.sorted()) errors << d.text() << '\n';
  return tl::unexpected(complain(errors, kExitConfig, answer.error().text));
}

}  // namespace

SteerCommands add_steer_commands(CLI::App& app, SteerOptions& options) {
  auto* reload = app.add_subcommand("reload",
                                    "Have the running bridge read its files anew, and say what has changed. Exit code "
                                    "78 where they are wrong: it goes on "
                                    "as it was");
  reload->add_option("--timeout", options.timeout, "how long to wait for the verdict")->capture_default_str();
  return {reload};
}

int steer_reload(const Steered& bridge, const SteerOptions& options, std::ostream& out, std::ostream& errors) {
  auto answer = ask(bridge, "/api/v1/reload", options.timeout, errors);
  if (!answer) return answer.error();
  if (answer->status == 504)
    return complain(errors, kExitTimeout,
                    "no verdict within " + options.timeout + ": it will be in the bridge's log and status");
  auto verdict = admin::read_verdict(answer->body);
  if (!verdict)
    return complain(errors, kExitUnavailable,
                    "the bridge answers " + std::to_string(answer->status) + ": " + admin::error_of(answer->body));
  for (auto& note : verdict->notes) out << "note: " << note << '\n';
  for (auto& error : verdict->errors) errors << error << '\n';
  if (verdict->successful) {
    out << "reloaded: " << verdict->summary() << '\n';
    return kExitOk;
  }
  if (answer->status == 503) return kExitUnavailable;
  return complain(errors, kExitConfig, "reload failed, the running configuration stays as it is");
}

}  // namespace mombridge
