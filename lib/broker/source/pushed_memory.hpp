#pragma once
// What comes into the process without being read from a subscription.

#include <atomic>
#include <cstdint>

#include "broker/source/memory_budget.hpp"

namespace mombridge::source {

/// Counts the messages of somebody who cannot be told to stop, but can be refused: a handler that publishes, requests
/// over HTTP. They are part of the process's memory budget, so that subscriptions that want more than their own part
/// have less. [any thread] All of it.
class PushedMemory {
 public:
  explicit PushedMemory(MemoryBudget& budget) : budget_(budget) {}
  ~PushedMemory() { change(-static_cast<int64_t>(bytes())); }
  PushedMemory(const PushedMemory&) = delete;
  PushedMemory& operator=(const PushedMemory&) = delete;

  /// A message of so many bytes comes in. Returns false where it would be more than an eighth of the budget, and a
  /// message is there already: then nothing is counted.
  [[nodiscard]] bool enter(uint64_t bytes) {
    auto before = bytes_.fetch_add(bytes, std::memory_order_relaxed);
    budget_.push(static_cast<int64_t>(bytes));
    if (!before || before + bytes <= budget_.bytes() / 8) return true;
    change(-static_cast<int64_t>(bytes));
    return false;
  }
  /// So many bytes more are there, or fewer.
  void change(int64_t by) {
    bytes_.fetch_add(static_cast<uint64_t>(by), std::memory_order_relaxed);
    budget_.push(by);
  }
  [[nodiscard]] uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  MemoryBudget& budget_;
  std::atomic<uint64_t> bytes_{0};
};

}  // namespace mombridge::source
