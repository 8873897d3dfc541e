#include <cstdio>
#include <exception>

#include "daemon/commands.hpp"

int main(int argc, char** argv) {
  try {
    return mombridge::main_command(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "mombridge: %s\n", e.what());
    return mombridge::kExitSoftware;
  }
}
