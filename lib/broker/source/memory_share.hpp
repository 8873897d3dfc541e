#pragma once
// What one source has of the process's memory budget.

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "broker/source/memory_budget.hpp"

namespace mombridge::source {

/// Counts for one thread, and tells the others only of steps, so that a message costs no atomic operation. Within what
/// is guaranteed to it, nothing that others do stops the source.
class MemoryShare {
 public:
  /// About what a message takes beside its bytes: its delivery, its attempts at each destination, and its place in the
  /// destination's client.
  static constexpr uint64_t kPerMessage = 2100;

  /// Under the names of that subscription. The budget outlives this.
  MemoryShare(MemoryBudget& budget, std::string broker, std::string subscription)
      : budget_(budget), use_{std::move(broker), std::move(subscription)} {
    budget_.join(use_);
  }
  ~MemoryShare() {
    tell(0);
    budget_.leave(use_);
  }
  MemoryShare(const MemoryShare&) = delete;
  MemoryShare& operator=(const MemoryShare&) = delete;

  /// One message more, of so many bytes; and as many as were added for it when it is gone.
  void add(uint64_t bytes) {
    auto now = used() + bytes + kPerMessage;
    set(now);
    if (now >= told_ + step()) tell(now);
  }
  void release(uint64_t bytes) {
    auto now = used() - bytes - kPerMessage;
    set(now);
    if (now + step() <= told_ || !now) tell(now);
  }

  /// Nothing more is to be read.
  [[nodiscard]] bool spent() const {
    auto guaranteed = budget_.guaranteed();
    if (used() <= guaranteed) [[likely]]
      return false;
    return used() - guaranteed >= budget_.left();
  }
  /// Enough is free for a source to which it is costly to stop and to go on.
  [[nodiscard]] bool has_room() const {
    auto guaranteed = budget_.guaranteed();
    if (used() <= guaranteed / 2) return true;
    auto more = used() > guaranteed ? used() - guaranteed : 0;
    return 2 * more < budget_.left();
  }
  [[nodiscard]] uint64_t used() const { return use_.bytes.load(std::memory_order_relaxed); }

 private:
  static constexpr uint64_t kSmallestStep = 4096, kLargestStep = 256 << 10;

  [[nodiscard]] uint64_t step() const { return std::clamp(budget_.guaranteed() / 8, kSmallestStep, kLargestStep); }
  // One thread writes, so that this is no atomic operation for the processor.
  void set(uint64_t used) { use_.bytes.store(used, std::memory_order_relaxed); }
  void tell(uint64_t used) {
    auto guaranteed = budget_.guaranteed();
    auto more = static_cast<int64_t>(used > guaranteed ? used - guaranteed : 0);
    budget_.take(more - taken_);
    taken_ = more;
    told_ = used;
  }

  MemoryBudget& budget_;
  MemoryBudget::Use use_;
  uint64_t told_ = 0;  ///< of used(), what the others know
  int64_t taken_ = 0;  ///< of that, what is beyond the guarantee
};

}  // namespace mombridge::source
