#include "daemon/commands.hpp"

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <optional>
#include <signal.h>

#include <CLI/CLI.hpp>

#include "admin/admin.hpp"
#include "base/counters.hpp"
#include "base/crash.hpp"
#include "base/histogram.hpp"
#include "base/log.hpp"
#include "config/load.hpp"
#include "config/text.hpp"
#include "daemon/access.hpp"
#include "daemon/actions.hpp"
#include "daemon/bridge.hpp"
#include "daemon/builtin.hpp"
#include "daemon/case_runner.hpp"
#include "daemon/check.hpp"
#include "daemon/client.hpp"
#include "daemon/dead_letters.hpp"
#include "daemon/handler_command.hpp"
#include "daemon/handler_folder.hpp"
#include "daemon/manager_status.hpp"
#include "daemon/reload.hpp"
#include "daemon/section_drain.hpp"
#include "daemon/service_notify.hpp"
#include "daemon/signals.hpp"
#include "daemon/status.hpp"
#include "daemon/steering.hpp"
#include "daemon/summary_line.hpp"
#include "daemon/tap.hpp"
#include "daemon/top.hpp"
#include "daemon/usage.hpp"
#include "handler/worker.hpp"
#include "routing/explain.hpp"

namespace mombridge {

namespace {

std::vector<std::filesystem::path> config_paths(const Options& options) {
  if (!options.config.empty()) return options.config;
  const char* path = std::getenv("MOMBRIDGE_CONFIG");
  return {path && *path ? path : "/etc/mombridge"};
}

/// Loads and checks; what is wrong is in the diagnostics, and not said yet.
std::shared_ptr<const config::Config> load(const Options& options, config::Diagnostics& diagnostics,
                                           config::Written& written) {
  return load_and_check({config_paths(options), options.environment, handler_folder()}, diagnostics, written);
}
std::shared_ptr<const config::Config> load(const Options& options, config::Diagnostics& diagnostics) {
  config::Written ignored;
  return load(options, diagnostics, ignored);
}

void print(const config::Diagnostics& diagnostics) {
  for (auto& d : diagnostics.sorted()) std::cerr << d.text() << '\n';
}

/// For commands to whom warnings are no news. Null, and said, where there are errors.
std::shared_ptr<const config::Config> load(const Options& options) {
  config::Diagnostics diagnostics;
  auto config = load(options, diagnostics);
  if (diagnostics.ok()) return config;
  print(diagnostics);
  return nullptr;
}

void log_totals(const char* text, uint64_t unsettled) {
  std::string totals;
  for (auto& [name, value] : counters()) totals += (totals.empty() ? "" : " ") + name + "=" + std::to_string(value);
  log::info(text, {{"unsettled", unsettled}, {"totals", totals}});
}

/// Feeds the service manager's watchdog for as long as the bridge is live.
void feed_watchdog(EventLoop& loop, const Bridge& bridge, Duration interval) {
  if (auto why = bridge.not_live(); why.empty())
    service::watchdog();
  else
    log::error("the bridge is not live, and the watchdog is not fed", {{"reason", why}});
  loop.after(interval, [&loop, &bridge, interval] { feed_watchdog(loop, bridge, interval); });
}

/// For the status.
admin::Status::Load load_of(const ReloadRecord& record) {
  auto ms = [](std::chrono::system_clock::time_point time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  };
  admin::Status::Load load{.ok = record.successful, .at = ms(record.last_good), .read_at = ms(record.last_at)};
  load.text = record.count ? record.text() : "loaded at the start";
  load.errors = record.last.errors;
  load.notes = record.last.notes;
  return load;
}

/// A signal that comes sooner after the first is the same one, sent twice: by a terminal to the whole group and by a
/// shell or an init to its child.
constexpr Duration kSameSignal = std::chrono::seconds(1);

int cannot_start(const Error& why, int code) {
  log::error("cannot start", {{"reason", why.text}});
  return code;
}

/// The first TERM or INT drains, the second ends at once.
class Shutdown {
 public:
  Shutdown(EventLoop& loop, Bridge& bridge, Reload& reload) : loop_(loop), bridge_(bridge), reload_(reload) {}

  void signalled(int signal) { requested(strsignal(signal)); }

  /// `why`, for the log.
  void requested(const char* why) {
    bool first = !std::exchange(draining_, true);
    if (first)
      since_ = Clock::now();
    else if (Clock::now() - since_ < kSameSignal)
      return log::debug("draining already", {{"signal", why}});
    log::info(first ? "draining" : "stopping at once", {{"signal", why}});
    if (first) reload_.stop();
    if (first) service::stopping();
    bridge_.drain(first ? bridge_.config().shutdown_timeout : Duration::zero(), [this](uint64_t unsettled) {
      exit_code_ = unsettled ? kExitUndrained : kExitOk;
      log_totals(unsettled ? "stopped, what was not settled stays at its source" : "stopped", unsettled);
      loop_.quit();
    });
  }

  [[nodiscard]] int exit_code() const { return exit_code_; }

 private:
  EventLoop& loop_;
  Bridge& bridge_;
  Reload& reload_;
  bool draining_ = false;
  TimePoint since_{};  ///< when it began to drain
  int exit_code_ = kExitOk;
};

}  // namespace

int run(const Options& options) {
  config::Diagnostics diagnostics;
  config::Written written;
  auto config = load(options, diagnostics, written);
  if (!diagnostics.ok()) {
    print(diagnostics);
    return kExitConfig;
  }
  log::init(config->log_level, config->log_format);
  crash::install();
  for (auto& warning : diagnostics.sorted()) log::warn(warning.text());
  Signals::block();

  EventLoop loop("main");
  Bridge bridge(config, loop, written);
  Reload reload(loop, bridge, [options](auto& found, auto& parts) { return load(options, found, parts); });
  auto look = [&](bool wants_figures = false) { return bridge.observe(load_of(reload.record()), wants_figures); };
  SectionDrain sections(loop, bridge);
  Shutdown shutdown(loop, bridge, reload);
  admin::Admin admin(loop, look, actions_of({bridge, reload, sections, [&] { shutdown.requested("drain"); }}));
  Signals signals(loop, [&](int signal) {
    if (signal == SIGUSR1) return log_status(look());
    signal == SIGHUP ? reload.request() : shutdown.signalled(signal);
  });
  if (auto listening = admin.listen(*config); !listening) return cannot_start(listening.error(), kExitUnavailable);
  if (auto listening = bridge.listen(); !listening) return cannot_start(listening.error(), kExitUnavailable);
  Histogram::want(config->admin || config->probes);
  if (auto started = bridge.start(); !started) return cannot_start(started.error(), kExitConfig);
  if (auto answering = admin.start(); !answering) return cannot_start(answering.error(), kExitUnavailable);
  log::info("mombridge is running",
            {{"version", MOMBRIDGE_VERSION}, {"brokers", config->brokers.size()}, {"routes", config->routes.size()}});
  service::ready();
  SummaryLine summary_line(loop, [&] { return bridge.config().log_summary; });
  std::optional<ManagerStatus> manager;
  if (service::present())
    manager.emplace(
        loop, [&] { return reload.record().text(); }, look, service::status);
  if (auto interval = service::watchdog_interval(); interval > Duration::zero()) feed_watchdog(loop, bridge, interval);
  loop.run();
  admin.stop();
  if (bridge.left_behind()) std::_Exit(shutdown.exit_code());
  return shutdown.exit_code();
}

int check(const Options& options) {
  config::Diagnostics diagnostics;
  auto config = load(options, diagnostics);
  if (options.environment) check_plugins(*config, diagnostics);
  if (!diagnostics.ok()) {
    print(diagnostics);
    return kExitConfig;
  }
  if (!options.environment) return kExitOk;
  print(diagnostics);
  auto warnings = diagnostics.sorted().size();
  std::cout << "ok"
            << (warnings ? ", with " + std::to_string(warnings) + (warnings == 1 ? " warning" : " warnings") : "")
            << ": " << summary(*config) << '\n';
  if (!options.connect) return kExitOk;
  log::init(log::Level::error, log::Format::text);
  return check_access(*config, std::cout) ? kExitOk : kExitUnavailable;
}

namespace {

/// Null, and said, where there is no such broker.
const config::BrokerSection* find_broker(const config::Config& config, const std::string& name) {
  if (auto* section = config.broker(name)) return section;
  std::vector<std::string> known;
  for (auto& section : config.brokers) known.push_back(section.name);
  std::cerr << "mombridge: there is no broker '" << name << "'" << config::or_did_you_mean(name, known) << '\n';
  return nullptr;
}

int complain(int code, const std::string& why) {
  std::cerr << "mombridge: " << why << '\n';
  return code;
}

/// `--timeout`; an exit code, and said, where it is none.
tl::expected<Duration, int> patience_of(const Options& options) {
  auto timeout = config::parse_duration(options.timeout);
  if (timeout && *timeout > Duration::zero()) return *timeout;
  return tl::unexpected(
      complain(kExitUsage, "--timeout takes a duration like 2s or 500ms, not '" + options.timeout + "'"));
}

/// What a client command needs: its broker and its patience. An exit code, and said, where something is wrong with
/// them.
tl::expected<const config::BrokerSection*, int> client_section(const Options& options, const config::Config& config,
                                                               Duration& patience) {
  auto timeout = patience_of(options);
  if (!timeout) return tl::unexpected(timeout.error());
  patience = *timeout;
  auto* section = find_broker(config, options.broker);
  if (!section) return tl::unexpected(kExitConfig);
  if (!broker_kind(section->type).client_settings)
    return tl::unexpected(complain(kExitUsage, "broker '" + section->name + "' is of type " + section->type +
                                                   ": only the running bridge can reach it"));
  return section;
}

/// "-" and nothing at all mean standard input.
std::string body_of(const std::optional<std::string>& argument) {
  return argument && *argument != "-" ? *argument : std::string(std::istreambuf_iterator<char>(std::cin), {});
}

}  // namespace

int publish(Options options) {
  Duration patience{};
  auto config = load(options);
  if (!config) return kExitConfig;
  auto section = client_section(options, *config, patience);
  if (!section) return section.error();
  log::init(log::Level::error, log::Format::text);
  options.body = body_of(options.body);
  auto sent = OneShot(**section, "", options.exchange).publish(options, patience);
  return sent ? kExitOk : complain(kExitUnavailable, sent.error().text);
}

int request(Options options) {
  Duration patience{};
  auto config = load(options);
  if (!config) return kExitConfig;
  auto section = client_section(options, *config, patience);
  if (!section) return section.error();
  log::init(log::Level::error, log::Format::text);
  options.body = body_of(options.body);
  auto answer = OneShot(**section, config->name + ".request", options.exchange).request(options, patience);
  if (!answer) return complain(kExitUnavailable, answer.error().text);
  if (!*answer) return complain(kExitTimeout, "no reply within " + options.timeout);
  auto& reply = **answer;
  if (options.verbose)
    for (auto& [name, value] : reply.headers) std::cerr << "< " << name << ": " << value << '\n';
  std::cout << reply.body << (reply.body.ends_with('\n') ? "" : "\n") << std::flush;
  std::cerr << "reply in " << std::chrono::duration_cast<std::chrono::microseconds>(reply.round_trip).count() / 1000.0
            << " ms\n";
  return reply.error.empty() ? kExitOk
                             : complain(kExitUnavailable, "the bridge could not deliver the request: " + reply.error);
}

int test(const Options& options) {
  auto patience = patience_of(options);
  if (!patience) return patience.error();
  auto config = load(options);
  if (!config) return kExitConfig;
  log::init(log::Level::off, log::Format::text);  // what becomes of a message is said by its case
  switch (run_cases(*config, options.cases, *patience, std::cout, std::cerr)) {
    case CasesEnd::passed:
      return kExitOk;
    case CasesEnd::failed:
      return kExitFailed;
    case CasesEnd::faulty:
      break;
  }
  return kExitConfig;
}

int explain(const Options& options) {
  auto config = load(options);
  if (!config || !find_broker(*config, options.broker)) return kExitConfig;
  config::Diagnostics ignored;  // load() has checked the routes
  auto table = routing::RouteTable::compile(config, destination_kinds(), {}, {}, ignored);
  auto key = options.key.empty() ? std::nullopt : std::optional(options.key);
  auto explanation = routing::explain(*table, options.broker, options.target, options.headers, key);
  std::cout << explanation.text;
  return explanation.taken ? kExitOk : kExitNotTaken;
}

namespace {

/// What the running bridge is asked to do, by the files as they are: they may be wrong.
int steer(const Options& options, const SteerOptions& steering, bool drain) {
  config::Diagnostics diagnostics;
  auto config = load(options, diagnostics);
  auto command = drain ? steer_drain : steer_reload;
  return command({*config, diagnostics}, steering, std::cout, std::cerr);
}

constexpr Duration kShortestInterval = std::chrono::milliseconds(100);

/// For commands that ask the running bridge. A file in which something is wrong, perhaps because it is being edited,
/// says even so where the bridge listens. Null, and said, where it says nothing.
std::shared_ptr<const config::Config> load_to_ask(const Options& options) {
  config::Diagnostics diagnostics;
  auto config = load(options, diagnostics);
  if (!config->brokers.empty() || diagnostics.ok()) return config;
  print(diagnostics);
  return nullptr;
}

int top(const Options& options, const TopOptions& how) {
  auto interval = config::parse_duration(how.interval);
  if (!interval || *interval < kShortestInterval)
    return complain(kExitUsage, "--interval takes a duration of at least 100ms, like 2s, not '" + how.interval + "'");
  auto config = load_to_ask(options);
  if (!config) return kExitConfig;
  auto shown = show_rates(*config, *interval, how.once ? 1 : how.count, std::cout);
  return shown ? kExitOk : complain(kExitUnavailable, shown.error().text);
}

int tap(const Options& options, const TapOptions& how) {
  auto config = load_to_ask(options);
  if (!config) return kExitConfig;
  auto shown = show_messages(*config, how, std::cout, std::cerr);
  return shown ? kExitOk : complain(kExitUnavailable, shown.error().text);
}

}  // namespace

int status(const Options& options) {
  auto config = load_to_ask(options);
  if (!config) return kExitConfig;
  auto shown = show_status(*config, options, std::cout);
  if (!shown) return options.quiet ? kExitUnavailable : complain(kExitUnavailable, shown.error().text);
  return *shown ? kExitOk : kExitUnavailable;
}

namespace {

int dead_letters(const Options& options, const LetterOptions& letters, const LetterCommands& commands) {
  auto config = load(options);
  if (!config) return kExitConfig;
  log::init(log::Level::error, log::Format::text);
  if (*commands.list) return list_letters(*config, letters);
  return *commands.show ? show_letter(*config, letters) : replay_letters(*config, letters);
}

/// What the command line has that nobody took, in words; empty: nothing.
std::string unexpected(CLI::App& app) {
  auto* last = &app;
  std::string given;
  while (!last->get_subcommands().empty()) {
    last = last->get_subcommands().front();
    given += (given.empty() ? "" : " ") + last->get_name();
  }
  auto words = app.remaining(true);
  bool complete = last != &app && last->get_subcommands({}).empty();
  if (complete && words.empty()) return {};
  std::vector<std::string> commands, options;
  for (auto* command : last->get_subcommands({})) commands.push_back(command->get_name());
  for (auto* part : {&app, last})
    for (auto* option : part->get_options())
      for (auto& name : option->get_lnames()) options.push_back("--" + name);
  return unexpected_words(words, complete ? given : "", commands, options);
}

}  // namespace

int main_command(int argc, char** argv) {
  if (handler::is_worker(argc, argv)) return handler::worker_main(argc, argv);
  handler::use_workers();
  CLI::App app{"mombridge: routes messages between AMQP 0-9-1 brokers, Kafka and handlers"};
  app.set_version_flag("--version", "mombridge " MOMBRIDGE_VERSION);
  app.require_subcommand(0, 1);
  app.fallthrough();
  app.allow_extras();  // so that what is not understood is answered in our words
  Options options;
  std::vector<std::string> headers;
  app.add_option("-c,--config", options.config,
                 "configuration file or folder, may be repeated (default: $MOMBRIDGE_CONFIG, else /etc/mombridge)")
      ->allow_extra_args(false);  // what follows is the command's own

  auto* run_command = app.add_subcommand("run", "Run the bridge until TERM or INT");
  auto* check_command =
      app.add_subcommand("check", "Check the configuration; without --connect, connecting to nothing");
  bool no_environment = false;
  check_command->add_flag(
      "--no-environment", no_environment,
      "Do not look at files, variables and plugins, and leave out warnings: for a CI that has just the files");
  check_command->add_flag("--connect", options.connect,
                          "Then log in to each broker and say of all that is used there whether it exists and may be "
                          "read, written or declared; changes nothing. Exit code 69 where something failed");
  auto* explain_command = app.add_subcommand("explain", "Say which routes would take a message, and why");
  explain_command->add_option("--broker", options.broker, "broker it comes from")->required();
  explain_command->add_option("--target", options.target, "its routing key or topic")->required();
  explain_command->add_option("-H,--header", headers, "a header, as name=value; may be repeated");
  explain_command->add_option("--key", options.key, "the record's key");
  auto* publish_command = app.add_subcommand("publish", "Send one message through a connection of the configuration");
  auto* request_command = app.add_subcommand("request", "Send a request, print its reply and the round-trip time");
  for (auto* command : {publish_command, request_command}) {
    command->add_option("--broker", options.broker, "broker to send it to")->required();
    command->add_option("--target", options.target, "routing key or topic")->required();
    command->add_option("body", options.body, "the body; without, or with -, standard input");
    command->add_option("-H,--header", headers, "a header, as name=value; may be repeated")
        ->allow_extra_args(false);  // what follows is the body
    command->add_option("--key", options.key, "the record's key");
    command->add_option("--content-type", options.content_type, "as in application/json");
    command->add_option("--exchange", options.exchange, "AMQP: instead of the broker's own");
    command->add_option("--timeout", options.timeout, "for the confirm, or the reply")->capture_default_str();
  }
  auto* test_command = app.add_subcommand("test", "Play cases against routes and handlers, without a broker");
  test_command->add_option("cases", options.cases, "files of cases")->required();
  test_command->add_option("--timeout", options.timeout, "for one case")->capture_default_str();

  request_command->add_flag("-v,--verbose", options.verbose,
                            "show the reply's properties and headers, on standard error");
  auto* status_command = app.add_subcommand("status", "Say how the running bridge is: links, routes, what went wrong");
  status_command->add_flag("--json", options.json, "as JSON, for programs");
  status_command->add_flag("--quiet", options.quiet,
                           "print nothing: exit code 0 if the bridge runs, 69 if none answers or it is stuck");
  TopOptions top_options;
  auto* top_command = add_top_command(app, top_options);
  TapOptions tap_options;
  auto* tap_command = add_tap_command(app, tap_options);
  SteerOptions steering;
  auto steer_commands = add_steer_commands(app, steering);
  LetterOptions letters;
  auto letter_commands = add_letter_commands(app, letters);
  HandlerOptions handler_options;
  auto handler_commands = add_handler_commands(app, handler_options);
  for (auto* parent : {&app, letter_commands.all, handler_commands.all})
    for (auto* command : parent->get_subcommands({})) command->allow_extras();

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) return app.exit(e);
    auto words = unexpected(app);
    return complain(kExitUsage, words.empty() ? std::string(e.what()) : words);
  }
  if (auto words = unexpected(app); !words.empty()) return complain(kExitUsage, words);
  options.environment = !no_environment;
  if (options.connect && no_environment)
    return complain(kExitUsage,
                    "--connect needs what --no-environment leaves out, passwords and certificates: one of the two");
  for (auto& h : headers) {
    auto equals = h.find('=');
    if (equals == std::string::npos) return complain(kExitUsage, "-H takes name=value, not '" + h + "'");
    options.headers.emplace_back(h.substr(0, equals), h.substr(equals + 1));
  }
  if (*run_command) return run(options);
  if (*check_command) return check(options);
  if (*publish_command) return publish(std::move(options));
  if (*request_command) return request(std::move(options));
  if (*test_command) return test(options);
  if (*status_command) return status(options);
  bool drains = static_cast<bool>(*steer_commands.drain);
  if (*steer_commands.reload || drains) return steer(options, steering, drains);
  if (*top_command) return top(options, top_options);
  if (*tap_command) return tap(options, tap_options);
  if (*handler_commands.all) return handler_command(handler_options, handler_commands);
  if (*letter_commands.all) return dead_letters(options, letters, letter_commands);
  return *explain_command ? explain(options) : kExitUsage;
}

}  // namespace mombridge
