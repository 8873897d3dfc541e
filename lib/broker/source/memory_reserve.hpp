#pragma once
// What a client library fetches ahead, set aside in the process's memory budget.

#include <algorithm>
#include <cstdint>
#include <utility>

#include "broker/source/memory_budget.hpp"

namespace mombridge::source {

/// Of one client, which has a queue of its own whose limits are set when it is made. The bytes of messages in all
/// queues are a sixteenth of the budget, because a small one takes three times as much beside its bytes, and because an
/// answer that is on its way comes on top. For one thread.
class MemoryReserve {
 public:
  static constexpr uint64_t kSmallestQueue = 64 << 10, kLargestQueue = 4 << 20;  ///< bytes

  explicit MemoryReserve(MemoryBudget& budget) : budget_(budget) {}
  ~MemoryReserve() {
    hold(0);
    if (expected_) budget_.add_queues(-1);
  }
  MemoryReserve(const MemoryReserve&) = delete;
  MemoryReserve& operator=(const MemoryReserve&) = delete;

  /// The client has a queue, or will have it when it is made.
  void expect_queue() {
    if (!std::exchange(expected_, true)) budget_.add_queues(1);
  }
  /// How many bytes of messages it may hold.
  [[nodiscard]] uint64_t queue_limit() const {
    auto queues = static_cast<uint64_t>(std::max<int64_t>(budget_.queues(), 1));
    return std::clamp(budget_.bytes() / 16 / queues, kSmallestQueue, kLargestQueue);
  }
  /// The client may hold so much from now on.
  void hold(uint64_t bytes) {
    budget_.reserve(static_cast<int64_t>(bytes) - static_cast<int64_t>(held_));
    held_ = bytes;
  }

 private:
  MemoryBudget& budget_;
  bool expected_ = false;
  uint64_t held_ = 0;
};

}  // namespace mombridge::source
