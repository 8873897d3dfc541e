#include "handler/worker/worker_loop.hpp"

#include <chrono>

namespace mombridge::handler::worker {

WorkerLoop& WorkerLoop::instance() {
  static auto* loop = new WorkerLoop;  // never destroyed, because its thread goes on until the process ends
  return *loop;
}

WorkerLoop::WorkerLoop() {
  loop_.before_sleep([this] {
    for (auto* member : members_) member->round_ends();
    return Duration(std::chrono::hours(1));
  });
  loop_.start();
}

}  // namespace mombridge::handler::worker
