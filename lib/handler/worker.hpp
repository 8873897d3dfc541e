#pragma once
// What a program's main() does to have worker processes: it is started again to be one.

namespace mombridge::handler {

/// The program was started to be a worker.
[[nodiscard]] bool is_worker(int argc, char** argv);
/// Returns only where it was not the bridge that has started it, with an exit code.
int worker_main(int argc, char** argv);

/// Otherwise, once and before the first handler: workers are this program.
void use_workers();

}  // namespace mombridge::handler
