#pragma once
// What the command line of `dead-letters` says.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "routing/letter_filter.hpp"
#include "routing/letter_places.hpp"
#include "routing/letter_way.hpp"

namespace CLI {
class App;
}

namespace mombridge {

/// As given.
struct LetterOptions {
  std::string from, reason, route, target, older, newer, to, rate, output;
  std::vector<std::string> ids;
  std::optional<std::string> exchange;
  std::optional<int64_t> delivery_limit;
  size_t limit = 0;      ///< 0: none was given
  size_t in_flight = 1;  ///< so many are on their way at a time
  bool json = false, full_body = false, dry_run = false, incomplete = false;
};

/// The subcommands of `dead-letters`.
struct LetterCommands {
  CLI::App *all, *list, *show, *replay;
};
LetterCommands add_letter_commands(CLI::App& app, LetterOptions& options);

/// Fails, in one line for people, where something of it makes no sense.
Result<routing::LetterFilter> letter_filter(const LetterOptions& options);
/// `--from`, which a BROKER/TARGET must be.
Result<routing::LetterPlace> letter_place(const std::string& from);
/// `--to`: BROKER/TARGET, or BROKER.
Result<std::optional<routing::LetterTarget>> letter_target(const std::string& to);
/// `--rate`: like 100/s, 6/m or 10/h. The result is per second; 0: none was given.
Result<double> letter_rate(const std::string& rate);

}  // namespace mombridge
