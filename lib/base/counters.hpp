#pragma once
// Named counters of the process. Nothing is dropped without one.

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mombridge {

class Counter {
 public:
  void add(uint64_t by = 1) noexcept { value_.fetch_add(by, std::memory_order_relaxed); }
  [[nodiscard]] uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  // A cache line of its own: counters are added to from several threads.
  alignas(64) std::atomic<uint64_t> value_{0};
};

/// [any thread] The counter of that name, made at its first use; it lives as long as the process. `label` tells apart
/// what is counted under one name (a route, a handler). Look it up once and keep the reference: this takes a lock.
Counter& counter(std::string_view name, std::string_view label = {});

/// [any thread] "name" or "name{label}", in the order of their names; those that are 0 are left out.
std::vector<std::pair<std::string, uint64_t>> counters();

}  // namespace mombridge
