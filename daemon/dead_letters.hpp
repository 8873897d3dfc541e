#pragma once
// `dead-letters list`, `show` and `replay`: straight from the configuration's brokers, whether or not a bridge runs.

#include "config/config.hpp"
#include "daemon/letter_options.hpp"

namespace mombridge {

/// Each writes what it finds to standard output, says on standard error what is wrong, and returns the exit code.
int list_letters(const config::Config& config, const LetterOptions& options);
int show_letter(const config::Config& config, const LetterOptions& options);
int replay_letters(const config::Config& config, const LetterOptions& options);

}  // namespace mombridge
