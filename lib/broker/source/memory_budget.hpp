#pragma once
// The memory that the messages of the whole process may take, and how its sources share it.

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "config/config.hpp"

namespace mombridge::source {

/// `memory:` of the configuration. A part of it is set aside for what client libraries fetch ahead (MemoryReserve). Of
/// the rest, three quarters are divided among all sources: what a source has of them is guaranteed to it, whatever the
/// others do. The last quarter goes to those that want more, each at most as much as is left then. So a single source
/// may have seven eighths of the whole, one that takes all it can get leaves room for the next, and the sum stays
/// below the budget but for one message a source, which a source that has nothing in flight may always take.
/// [any thread] All of it.
class MemoryBudget {
 public:
  /// What one source takes now. Its thread writes the bytes, and whoever asks reads them.
  struct Use {
    const std::string broker, subscription;
    std::atomic<uint64_t> bytes{0};
  };
  /// By broker and subscription.
  using Uses = std::map<std::pair<std::string, std::string>, uint64_t>;

  explicit MemoryBudget(uint64_t bytes = config::kMemory) : bytes_(bytes) { divide(); }
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  /// From now on. Sources that have more than their part by then read nothing until they have less.
  void change_to(uint64_t bytes);
  [[nodiscard]] uint64_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }
  /// Set aside for what is fetched ahead.
  [[nodiscard]] uint64_t reserved() const noexcept { return reserved_.load(std::memory_order_relaxed); }
  /// What is in flight. Sources of the same names are one, such as a section's former one that is leaving.
  [[nodiscard]] Uses uses() const;

  // For MemoryShare.
  /// `use` stays until leave().
  void join(const Use& use);
  void leave(const Use& use);
  /// What each source has for itself.
  [[nodiscard]] uint64_t guaranteed() const noexcept { return guaranteed_.load(std::memory_order_relaxed); }
  /// What is left for sources that want more.
  [[nodiscard]] uint64_t left() const noexcept {
    auto common = common_.load(std::memory_order_relaxed), taken = taken_.load(std::memory_order_relaxed);
    return common > taken ? static_cast<uint64_t>(common - taken) : 0;
  }
  /// A source has so much more (or, below zero, less) beyond what is guaranteed to it.
  void take(int64_t bytes) noexcept { taken_.fetch_add(bytes, std::memory_order_relaxed); }

  // For PushedMemory.
  /// So much more, or less, was not read from a subscription.
  void push(int64_t bytes) noexcept {
    pushed_.fetch_add(bytes, std::memory_order_relaxed);
    take(bytes);
  }
  /// What handlers publish and HTTP requests bring.
  [[nodiscard]] uint64_t pushed() const noexcept {
    return static_cast<uint64_t>(pushed_.load(std::memory_order_relaxed));
  }

  // For MemoryReserve.
  /// So many more queues of client libraries, or fewer.
  void add_queues(int64_t count) noexcept { queues_.fetch_add(count, std::memory_order_relaxed); }
  [[nodiscard]] int64_t queues() const noexcept { return queues_.load(std::memory_order_relaxed); }
  void reserve(int64_t bytes);

 private:
  void divide();

  mutable std::mutex mutex_;  ///< guards `sources_`, and what divide() computes from
  std::atomic<uint64_t> bytes_, reserved_{0};
  std::set<const Use*> sources_;
  std::atomic<int64_t> queues_{0};
  std::atomic<uint64_t> guaranteed_{0};
  std::atomic<int64_t> common_{0};
  std::atomic<int64_t> pushed_{0};
  alignas(64) std::atomic<int64_t> taken_{0};  ///< may exceed `common_` by a message a source
};

/// The one of this process.
MemoryBudget& memory_budget();

}  // namespace mombridge::source
