#include "handler/worker.hpp"

#include <string_view>

#include "handler/worker/child.hpp"
#include "handler/worker/spawn.hpp"

namespace mombridge::handler {

bool is_worker(int argc, char** argv) { return argc > 1 && argv[1] == std::string_view(worker::kWorkerArgument); }

int worker_main(int argc, char** argv) { return worker::child_main(argc, argv); }

void use_workers() { worker::set_worker_program("/proc/self/exe"); }

}  // namespace mombridge::handler
