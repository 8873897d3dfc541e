#pragma once
// `top`: what the running bridge does in a second, again and again.

#include <cstdint>
#include <ostream>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "config/config.hpp"

namespace CLI {
class App;
}

namespace mombridge {

/// As given.
struct TopOptions {
  std::string interval = "2s";
  uint64_t count = 0;  ///< so many times; 0: until it is ended
  bool once = false;
};
CLI::App* add_top_command(CLI::App& app, TopOptions& options);

/// Asks the bridge that runs by this configuration every `interval`, and shows the rates between two answers: on a
/// terminal in place, until q, Ctrl-C or a signal; else one text after the other, the first after one interval. Fails
/// where no bridge answers: on a terminal, where a bridge may come back, only at the first question.
[[nodiscard]] Result<> show_rates(const config::Config& config, Duration interval, uint64_t count, std::ostream& out);

}  // namespace mombridge
