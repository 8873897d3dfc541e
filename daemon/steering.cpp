#include "daemon/steering.hpp"

#include <chrono>
#include <vector>

#include <CLI/CLI.hpp>

#include "admin/action.hpp"
#include "admin/client.hpp"
#include "admin/drain_report.hpp"
#include "admin/verdict.hpp"
#include "base/text.hpp"
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

int complain(std::ostream& errors, const admin::Answer& answer) {
  return complain(errors, kExitUnavailable,
                  "the bridge answers " + std::to_string(answer.status) + ": " + admin::error_of(answer.body));
}

/// Posts; `parameters` follow the timeout. An exit code, and said, where there is no answer.
tl::expected<admin::Answer, int> ask(const Steered& bridge, const std::string& path, const std::string& timeout,
                                     std::ostream& errors, const std::string& parameters = {}) {
  auto patience = config::parse_duration(timeout);
  if (!patience || *patience <= Duration::zero())
    return tl::unexpected(
        complain(errors, kExitUsage, "--timeout takes a duration like 30s or 2m, not '" + timeout + "'"));
  auto seconds = std::chrono::ceil<std::chrono::seconds>(*patience + kMargin);
  auto answer =
      admin::post(bridge.config, path + "?timeout=" + timeout + parameters, static_cast<int>(seconds.count()));
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
  auto* drain = app.add_subcommand("drain",
                                   "Have the running bridge take nothing more from a broker, or for a route, and wait "
                                   "until what is in flight is settled; "
                                   "without either, drain the whole bridge and end it, as TERM does");
  auto* broker = drain->add_option("--broker", options.broker, "the broker whose subscriptions stop");
  auto* route = drain->add_option("--route", options.route,
                                  "the route whose sources stop; other routes that they feed wait, too, and are named");
  broker->excludes(route);
  drain->add_flag("--resume", options.resume, "go on instead");
  drain->add_option("--timeout", options.timeout, "how long to wait; what is in flight then goes on")
      ->capture_default_str();
  return {reload, drain};
}

int steer_reload(const Steered& bridge, const SteerOptions& options, std::ostream& out, std::ostream& errors) {
  auto answer = ask(bridge, "/api/v1/reload", options.timeout, errors);
  if (!answer) return answer.error();
  if (answer->status == 504)
    return complain(errors, kExitTimeout,
                    "no verdict within " + options.timeout + ": it will be in the bridge's log and status");
  auto verdict = admin::read_verdict(answer->body);
  if (!verdict) return complain(errors, *answer);
  for (auto& note : verdict->notes) out << "note: " << note << '\n';
  for (auto& error : verdict->errors) errors << error << '\n';
  if (verdict->successful) {
    out << "reloaded: " << verdict->summary() << '\n';
    return kExitOk;
  }
  if (answer->status == 503) return kExitUnavailable;
  return complain(errors, kExitConfig, "reload failed, the running configuration stays as it is");
}

int steer_drain(const Steered& bridge, const SteerOptions& options, std::ostream& out, std::ostream& errors) {
  bool whole = !options.broker && !options.route;
  if (whole && options.resume) return complain(errors, kExitUsage, "--resume needs --broker or --route");
  std::string parameters;
  if (options.broker) parameters += "&broker=" + admin::percent_encoded(*options.broker);
  if (options.route) parameters += "&route=" + admin::percent_encoded(*options.route);
  if (options.resume) parameters += "&resume=1";
  auto answer = ask(bridge, "/api/v1/drain", options.timeout, errors, parameters);
  if (!answer) return answer.error();
  if (whole && answer->status == 202) {
    out << "draining: the bridge takes nothing more, and ends when what is in flight is settled\n";
    return kExitOk;
  }
  if (answer->status == 404) return complain(errors, kExitConfig, admin::error_of(answer->body));
  auto report = admin::read_drain_report(answer->body);
  if (!report) return complain(errors, *answer);
  out << report->text() << '\n';
  if (!report->routes.empty()) out << "these routes wait, too: " << joined(report->routes) << '\n';
  if (!report->misses.empty())
    out << "what is published meanwhile is missed, because their queues are private: " << joined(report->misses)
        << '\n';
  return report->settled() ? kExitOk : kExitTimeout;
}

}  // namespace mombridge
