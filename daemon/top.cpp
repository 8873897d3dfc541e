#include "daemon/top.hpp"

#include <thread>

#include <CLI/CLI.hpp>

#include "admin/client.hpp"
#include "admin/rates.hpp"
#include "daemon/screen.hpp"

namespace mombridge {

namespace {

/// The bridge's answers, each compared with the one before.
class Watch {
 public:
  explicit Watch(const config::Config& config) : config_(config) {}

  /// Asks, and returns the rates since the last time. After a failure it begins anew.
  Result<std::string> ask() {
    auto json = admin::get(config_, "/api/v1/status");
    auto tables = json ? admin::rate_tables(last_, *json) : Result<std::string>(fail(json.error()));
    last_ = tables ? std::move(*json) : std::string();
    return tables;
  }

 private:
  const config::Config& config_;
  std::string last_;
};

void on_terminal(Watch& watch, std::string first, Duration interval, uint64_t count) {
  Screen screen;
  auto text = std::move(first);
  for (uint64_t shown = 0;; ++shown) {
    if (!screen.show(text + "\nq ends\n")) return;
    if (count && shown == count) return;
    if (!screen.wait(interval)) return;
    auto tables = watch.ask();
    text = tables ? *tables : "no answer: " + tables.error().text + "\n";
  }
}

}  // namespace

CLI::App* add_top_command(CLI::App& app, TopOptions& options) {
  auto* command = app.add_subcommand("top", "Show what the running bridge does in a second, until q or Ctrl-C");
  command->add_option("--interval", options.interval, "between two looks")->capture_default_str();
  command->add_option("-n,--count", options.count, "end after so many")->check(CLI::PositiveNumber);
  command->add_flag("--once", options.once, "the same as --count 1");
  return command;
}

Result<> show_rates(const config::Config& config, Duration interval, uint64_t count, std::ostream& out) {
  Watch watch(config);
  auto first = watch.ask();
  if (!first) return fail(first.error());
  if (Screen::possible()) {
    on_terminal(watch, std::move(*first), interval, count);
    return {};
  }
  for (uint64_t shown = 0; !count || shown < count; ++shown) {
    std::this_thread::sleep_for(interval);
    auto tables = watch.ask();
    if (!tables) return fail(tables.error());
    if (!(out << (shown ? "\n" : "") << *tables << std::flush)) return {};
  }
  return {};
}

}  // namespace mombridge
