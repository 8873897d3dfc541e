#pragma once
// The commands of the command line. Each returns the process's exit code.

#include "daemon/exit_codes.hpp"
#include "daemon/options.hpp"

namespace mombridge {

int run(const Options& options);
int check(const Options& options);
int explain(const Options& options);
int publish(Options options);
int request(Options options);
int test(const Options& options);
int status(const Options& options);

/// Parses the arguments and runs the command.
int main_command(int argc, char** argv);

}  // namespace mombridge
