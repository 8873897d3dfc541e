#include "daemon/tap.hpp"

#include <optional>
#include <set>
#include <string_view>

#include <CLI/CLI.hpp>

#include "admin/client.hpp"
#include "admin/tap_text.hpp"

namespace mombridge {

namespace {

/// Prints lines, and knows when enough were.
class Printer {
 public:
  Printer(const TapOptions& options, std::ostream& out, std::ostream& notes)
      : options_(options), out_(out), notes_(notes) {}

  /// Returns false if nothing more is wanted.
  bool line(std::string_view json) {
    auto read = admin::read_tap_line(json);
    if (!read) {
      fault_ = read.error();
      return false;
    }
    bool is_note = read->kind == admin::TapLine::Kind::left_out || read->kind == admin::TapLine::Kind::opened;
    if (is_note) {
      if (!full()) notes_ << read->text << std::flush;
      return true;
    }
    if (!wanted(*read)) return true;
    if (options_.json)
      out_ << json << '\n';
    else
      out_ << read->text;
    return static_cast<bool>(out_ << std::flush) && !done();
  }

  [[nodiscard]] bool done() const { return full() && open_.empty(); }
  [[nodiscard]] bool read() const { return static_cast<bool>(out_); }
  [[nodiscard]] const std::optional<Error>& fault() const { return fault_; }

 private:
  [[nodiscard]] bool full() const { return options_.count && shown_ == options_.count; }

  bool wanted(const admin::TapLine& line) {
    using Kind = admin::TapLine::Kind;
    if (line.kind == Kind::arrived) {
      if (full()) return false;
      ++shown_;
      if (options_.count) open_.insert(line.message);
      return true;
    }
    bool is_shown = !options_.count || open_.contains(line.message);
    if (line.kind == Kind::settled) open_.erase(line.message);
    return is_shown;
  }

  const TapOptions& options_;
  std::ostream& out_;
  std::ostream& notes_;
  uint64_t shown_ = 0;
  std::set<uint64_t> open_;  ///< shown, and not settled, where there is a count
  std::optional<Error> fault_;
};

std::string path_of(const TapOptions& options) {
  std::string path = "/api/v1/tap?route=" + admin::percent_encoded(options.route) +
                     "&broker=" + admin::percent_encoded(options.broker) +
                     "&target=" + admin::percent_encoded(options.target);
  if (options.headers) path += "&headers=1";
  if (options.body) path += "&body=1";
  return path;
}

}  // namespace

CLI::App* add_tap_command(CLI::App& app, TapOptions& options) {
  auto* command = app.add_subcommand("tap",
                                     "Show messages as they pass through the running bridge, and what becomes of them, "
                                     "until Ctrl-C: 100 a second at most, slowing nothing");
  command->add_option("--route", options.route, "those that this route takes; '(unrouted)': those that none takes");
  command->add_option("--broker", options.broker, "those that come from this broker");
  command->add_option("--target", options.target, "those whose target matches this pattern, like order.#");
  command->add_flag("--headers", options.headers, "show their headers");
  command->add_flag("--body", options.body, "show their bodies, the first 4 KiB of each");
  command->add_flag("--json", options.json, "as JSON, one object a line");
  command->add_option("-n,--count", options.count, "end when so many were shown and are settled")
      ->check(CLI::PositiveNumber);
  return command;
}

Result<> show_messages(const config::Config& config, const TapOptions& options, std::ostream& out,
                       std::ostream& notes) {
  Printer printer(options, out, notes);
  auto followed = admin::follow(config, path_of(options), [&](std::string_view line) { return printer.line(line); });
  if (!followed) return fail(followed.error());
  if (printer.fault()) return fail(*printer.fault());
  if (printer.done() || !printer.read()) return {};
  return fail("the bridge has ended the tap");
}

}  // namespace mombridge
