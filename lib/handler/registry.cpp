#include "handler/registry.hpp"

#include <algorithm>
#include <utility>

namespace mombridge::handler {

Result<> Registry::load(const config::Handler& config) {
  auto runner = load_in_process(config, timers_);
  if (!runner) return fail(runner.error());
  runners_.push_back(std::move(*runner));
  return {};
}

Result<> Registry::start(const FindBroker& find_broker) {
  for (auto& runner : runners_)
    if (auto ok = runner->start(find_broker); !ok) return ok;
  return {};
}

void Registry::stop(Duration patience) {
  auto deadline = Clock::now() + patience;
  for (auto& runner : runners_) runner->stop_taking();  // they end side by side
  for (auto runner = runners_.rbegin(); runner != runners_.rend(); ++runner)
    (*runner)->stop(std::max(deadline - Clock::now(), Duration::zero()));
}

void Registry::close(Duration patience) {
  if (std::exchange(closed_, true)) return;
  auto deadline = Clock::now() + patience;
  for (auto& runner : runners_) runner->close(std::max(deadline - Clock::now(), Duration::zero()));
}

bool Registry::left_behind() const {
  return std::ranges::any_of(runners_, [](auto& runner) { return runner->left_behind(); });
}

uint64_t Registry::unconfirmed() const {
  uint64_t sum = 0;
  for (auto& runner : runners_) sum += runner->unconfirmed();
  return sum;
}

std::unordered_map<std::string, Handler*> Registry::by_name() const {
  std::unordered_map<std::string, Handler*> all;
  for (auto& runner : runners_) all[runner->name()] = runner.get();
  return all;
}

}  // namespace mombridge::handler
