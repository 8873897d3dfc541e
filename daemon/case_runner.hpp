#pragma once
// `test`: plays cases against a configuration, without a broker.

#include <filesystem>
#include <memory>
#include <ostream>
#include <vector>

#include "base/clock.hpp"
#include "config/config.hpp"

namespace mombridge {

enum class CasesEnd : uint8_t {
  passed,
  failed,
  faulty,  ///< there was something wrong with the files of cases, or with a handler: none, or not all, were played
};

/// Plays all cases of the files, each for `patience` at most. On `out` a line for each case and one for the whole,
/// on `err` what was different and what is wrong with the files.
CasesEnd run_cases(const config::Config& config, const std::vector<std::filesystem::path>& files, Duration patience,
                   std::ostream& out, std::ostream& err);

}  // namespace mombridge
