#pragma once
// The process that runs one plugin for the bridge: what `mombridge worker` does.

namespace mombridge::handler::worker {

/// Returns only where it was not started by a bridge, with an exit code; a worker ends the process itself.
int child_main(int argc, char** argv);

}  // namespace mombridge::handler::worker
