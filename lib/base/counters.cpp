#include "base/counters.hpp"

#include <map>
#include <memory>
#include <mutex>

namespace mombridge {

namespace {
struct Registry {
  std::mutex mutex;
  std::map<std::string, std::unique_ptr<Counter>, std::less<>> counters;
};
Registry& registry() {
  static auto* instance = new Registry;  // never destroyed: threads may still count while statics are torn down
  return *instance;
}
}  // namespace

Counter& counter(std::string_view name, std::string_view label) {
  std::string full(name);
  if (!label.empty()) full.append("{").append(label).append("}");
  auto& r = registry();
  std::lock_guard lock(r.mutex);
  auto& slot = r.counters[std::move(full)];
  if (!slot) slot = std::make_unique<Counter>();
  return *slot;
}

std::vector<std::pair<std::string, uint64_t>> counters() {
  std::vector<std::pair<std::string, uint64_t>> all;
  auto& r = registry();
  std::lock_guard lock(r.mutex);
  for (auto& [name, value] : r.counters)
    if (value->value()) all.emplace_back(name, value->value());
  return all;
}

}  // namespace mombridge
