#pragma once
// The commands of the command line. Each returns the process's exit code; codes follow sysexits(3).

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace mombridge {

inline constexpr int kExitOk = 0;
inline constexpr int kExitNotTaken = 1;   ///< explain: no route takes it
inline constexpr int kExitUsage = 64;     ///< EX_USAGE
inline constexpr int kExitSoftware = 70;  ///< EX_SOFTWARE
inline constexpr int kExitUndrained = 75;  ///< EX_TEMPFAIL; run: stopped with messages that were not settled
inline constexpr int kExitConfig = 78;    ///< EX_CONFIG

struct Options {
  std::vector<std::filesystem::path> config;  ///< empty: $MOMBRIDGE_CONFIG, else /etc/mombridge
  bool environment = true;
  std::string broker, target;
  std::vector<std::pair<std::string, std::string>> headers;
};

int run(const Options& options);
int check(const Options& options);
int explain(const Options& options);

/// Parses the arguments and runs the command.
int main_command(int argc, char** argv);

}  // namespace mombridge
