#include "broker/source/memory_budget.hpp"

#include <algorithm>

namespace mombridge::source {

void MemoryBudget::change_to(uint64_t bytes) {
  std::lock_guard lock(mutex_);
  bytes_ = bytes;
  divide();
}

void MemoryBudget::join(const Use& use) {
  std::lock_guard lock(mutex_);
  sources_.insert(&use);
  divide();
}

void MemoryBudget::leave(const Use& use) {
  std::lock_guard lock(mutex_);
  sources_.erase(&use);
  divide();
}

MemoryBudget::Uses MemoryBudget::uses() const {
  std::lock_guard lock(mutex_);
  Uses all;
  for (auto* use : sources_) all[{use->broker, use->subscription}] += use->bytes.load(std::memory_order_relaxed);
  return all;
}

void MemoryBudget::reserve(int64_t bytes) {
  std::lock_guard lock(mutex_);
  reserved_ += static_cast<uint64_t>(bytes);
  divide();
}

// However much is fetched ahead, half of the whole stays for what is in flight: without that, nothing would move.
void MemoryBudget::divide() {
  auto rest = bytes_ - std::min<uint64_t>(reserved_, bytes_ / 2);
  guaranteed_ = rest / 4 * 3 / std::max<uint64_t>(sources_.size(), 1);
  common_ = static_cast<int64_t>(rest / 4);
}

MemoryBudget& memory_budget() {
  static auto* instance = new MemoryBudget;  // never destroyed: a source may still count while statics are torn down
  return *instance;
}

}  // namespace mombridge::source
