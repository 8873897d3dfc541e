#include "handler/runner_status.hpp"

namespace mombridge::handler {

Family<Counter>& worker_restarts() {
  static auto* family = new Family<Counter>;  // never destroyed, as counters are not
  return *family;
}

}  // namespace mombridge::handler
