#pragma once
// Numbers that are told apart by labels: one cell for each combination of the labels' values.

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace mombridge {

/// A number that goes up and down. [any thread]
class Gauge {
 public:
  void add(int64_t by) noexcept { value_.fetch_add(by, std::memory_order_relaxed); }
  [[nodiscard]] int64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  alignas(64) std::atomic<int64_t> value_{0};  // as in Counter
};

/// The cells of one name. A cell is made at its first use and stays for as long as the family, which is the process: so
/// a route goes on counting where the route of the same name has counted before. The values of the labels come from the
/// configuration and never from messages, because whoever sends those must not decide how many cells there are.
/// [any thread] All of it.
template <class Cell>
class Family {
 public:
  using Labels = std::vector<std::string>;  ///< values, in the order that the family's owner says

  /// Takes a lock: look a cell up once, and keep the reference.
  Cell& at(const Labels& labels) {
    std::lock_guard lock(mutex_);
    auto& cell = cells_[labels];
    if (!cell) cell = std::make_unique<Cell>();
    return *cell;
  }

  /// In the order of their labels.
  [[nodiscard]] std::vector<std::pair<Labels, const Cell*>> all() const {
    std::lock_guard lock(mutex_);
    std::vector<std::pair<Labels, const Cell*>> all;
    for (auto& [labels, cell] : cells_) all.emplace_back(labels, cell.get());
    return all;
  }

 private:
  mutable std::mutex mutex_;
  std::map<Labels, std::unique_ptr<Cell>> cells_;
};

}  // namespace mombridge
