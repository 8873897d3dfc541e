#include "daemon/letter_options.hpp"

#include <charconv>

#include <CLI/CLI.hpp>

#include "config/text.hpp"

namespace mombridge {

namespace {

void add_filters(CLI::App& command, LetterOptions& options) {
  command.add_option("--reason", options.reason, "part of the reason, or a glob over the whole of it");
  command.add_option("--route", options.route, "the route that they died on, or a glob");
  command.add_option("--target", options.target, "the target that they had, or a pattern as in from.target");
  command.add_option("--older", options.older, "died longer ago than this: 10m, 2h, 3d");
  command.add_option("--newer", options.newer, "died after that: 10m, 2h, 3d");
  command.add_option("--limit", options.limit, "at most so many")->check(CLI::PositiveNumber);
}

Result<std::optional<Duration>> age(const std::string& option, const std::string& text) {
  if (text.empty()) return std::optional<Duration>();
  constexpr int64_t kLongestDays = 36500;
  if (text.ends_with('d')) {
    auto days = config::parse_unsigned(std::string_view(text).substr(0, text.size() - 1));
    if (days && *days <= kLongestDays)
      return std::optional<Duration>(std::chrono::hours(24 * static_cast<int64_t>(*days)));
  } else if (auto parsed = config::parse_duration(text)) {
    return parsed;
  }
  return fail(option + " takes an age like 10m, 2h or 3d, not '" + text + "'");
}

}  // namespace

LetterCommands add_letter_commands(CLI::App& app, LetterOptions& options) {
  auto* all = app.add_subcommand("dead-letters", "Look at dead letters, and send them on their way again");
  auto* list = all->add_subcommand("list", "List dead letters, the oldest first");
  auto* show = all->add_subcommand("show", "Show all that a dead letter says");
  auto* replay = all->add_subcommand("replay", "Send dead letters to where they came from, as they were");
  for (auto* command : {list, show, replay}) {
    command->add_option("--from", options.from,
                        "BROKER/TARGET: this queue or topic, instead of those that the configuration names");
    command
        ->add_option(
            "--delivery-limit", options.delivery_limit,
            "AMQP: the x-delivery-limit of a quorum queue, 0 where it has none; without: as the configuration says")
        ->check(CLI::NonNegativeNumber);
  }
  for (auto* command : {list, replay}) add_filters(*command, options);
  list->add_flag("--json", options.json, "as JSON");
  show->add_option("ID", options.ids, "as list shows it, or a message_id")->required();
  show->add_flag("--full-body", options.full_body, "the whole body, however long");
  show->add_option("--output", options.output, "write the body, as it is, to this file");
  replay->add_option("ID", options.ids, "as list shows it, or a message_id; without: all that the filters let through");
  replay->add_option("--to", options.to, "BROKER/TARGET, or BROKER with the target that each had");
  replay->add_option("--exchange", options.exchange, "AMQP, with --to: instead of the broker's own");
  replay->add_option("--rate", options.rate, "at most so many, like 100/s");
  replay
      ->add_option("--in-flight", options.in_flight,
                   "so many on their way at a time, which is faster; if it is killed, so many may be sent twice")
      ->check(CLI::Range(size_t{1}, size_t{1000}))
      ->capture_default_str();
  replay->add_flag("--dry-run", options.dry_run, "only say what would be sent where");
  replay->add_flag("--incomplete", options.incomplete, "also those whose dead letter had no room for their headers");
  return {all, list, show, replay};
}

Result<routing::LetterFilter> letter_filter(const LetterOptions& options) {
  routing::LetterFilter filter;
  filter.ids = options.ids;
  if (!options.reason.empty()) filter.reason = options.reason;
  if (!options.route.empty()) filter.route = options.route;
  if (!options.target.empty()) filter.target.emplace(options.target);
  auto older = age("--older", options.older), newer = age("--newer", options.newer);
  if (!older) return fail(older.error());
  if (!newer) return fail(newer.error());
  filter.older = *older;
  filter.newer = *newer;
  return filter;
}

Result<routing::LetterPlace> letter_place(const std::string& from) {
  auto slash = from.find('/');
  if (slash == 0 || slash == std::string::npos || slash + 1 == from.size())
    return fail("--from takes BROKER/TARGET, not '" + from + "'");
  return routing::LetterPlace{from.substr(0, slash), from.substr(slash + 1), {}};
}

Result<std::optional<routing::LetterTarget>> letter_target(const std::string& to) {
  if (to.empty()) return std::optional<routing::LetterTarget>();
  auto slash = to.find('/');
  if (slash == 0 || slash + 1 == to.size()) return fail("--to takes BROKER/TARGET or BROKER, not '" + to + "'");
  if (slash == std::string::npos) return std::optional(routing::LetterTarget{to, {}});
  return std::optional(routing::LetterTarget{to.substr(0, slash), to.substr(slash + 1)});
}

Result<double> letter_rate(const std::string& rate) {
  if (rate.empty()) return 0.0;
  double number = 0;
  auto [end, error] = std::from_chars(rate.data(), rate.data() + rate.size(), number);
  std::string_view unit(end, rate.data() + rate.size());
  double seconds = unit == "/s" ? 1 : unit == "/m" ? 60 : unit == "/h" ? 3600 : 0;
  if (error != std::errc{} || !(number > 0) || number > 1e9 || seconds == 0)
    return fail("--rate takes a rate like 100/s, 6/m or 10/h, not '" + rate + "'");
  return number / seconds;
}

}  // namespace mombridge
