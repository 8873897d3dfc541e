#include "handler/plugin_counters.hpp"

#include "base/text.hpp"

namespace mombridge::handler {

namespace {
constexpr size_t kMaxCounters = 256;
constexpr size_t kLongestName = 64;
}  // namespace

void PluginCounters::add(std::string_view name, uint64_t by) {
  std::lock_guard lock(mutex_);
  if (auto found = counters_.find(name); found != counters_.end()) return found->second->add(by);
  if (counters_.size() >= kMaxCounters) {
    breaches_.report("a handler has too many counters: it seems to name them after messages");
    return counter(prefix_, "other").add(by);
  }
  auto& made = counter(prefix_, printable(name, kLongestName));
  counters_.emplace(name, &made);
  made.add(by);
}

}  // namespace mombridge::handler
