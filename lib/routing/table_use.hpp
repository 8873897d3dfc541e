#pragma once
// Which deliveries go by which route table: a table stays for as long as one of them is on its way, and no longer.

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "routing/route_table.hpp"

namespace mombridge::routing {

class TableUses;

/// Deliveries that are not settled.
struct Unsettled {
  uint64_t messages = 0;
  int64_t held = 0;  ///< of these, the ones that only wait for the operator
};

/// The deliveries of one subscription that go by one table. Lives in a TableUses until it is retired and empty; whoever
/// enters deliveries holds it, too.
class TableUse {
 public:
  /// `origin`, the broker of the subscription, is one of the table.
  TableUse(TableUses& uses, std::shared_ptr<const RouteTable> table, const Origin& origin, uint32_t subscription);
  TableUse(const TableUse&) = delete;
  TableUse& operator=(const TableUse&) = delete;

  /// [source's thread] One delivery more. Returns false, and counts nothing, if another table is used now.
  [[nodiscard]] bool enter() noexcept {
    if (!(count_.fetch_add(1, std::memory_order_acq_rel) & kRetired)) [[likely]]
      return true;
    settled();
    return false;
  }
  /// [any thread] One delivery that entered is settled. This may be gone after the last one.
  void settled() noexcept {
    if (count_.fetch_sub(1, std::memory_order_acq_rel) == kRetired + 1) [[unlikely]]
      release();
  }
  /// [any thread] No further delivery enters.
  void retire() noexcept {
    if (!(count_.fetch_or(kRetired, std::memory_order_acq_rel) & ~kRetired)) release();
  }
  /// [any thread] Another table is used by what arrives now.
  [[nodiscard]] bool retired() const noexcept { return count_.load(std::memory_order_acquire) & kRetired; }
  /// [any thread] One delivery only waits for the operator now, or no longer does.
  void held(bool yes) noexcept { held_.fetch_add(yes ? 1 : -1, std::memory_order_relaxed); }

  // [between enter() and settled()]
  [[nodiscard]] const RouteTable& table() const { return *table_; }
  [[nodiscard]] const Origin& origin() const { return origin_; }
  [[nodiscard]] TableUses& uses() const { return uses_; }

  // [any thread]
  /// Where the subscription reads, as written in the file; empty where the table does not know the subscription.
  [[nodiscard]] const std::string& source() const { return source_; }
  [[nodiscard]] uint64_t in_flight() const { return count_.load(std::memory_order_acquire) & ~kRetired; }
  [[nodiscard]] int64_t held() const { return held_.load(std::memory_order_relaxed); }

 private:
  static constexpr uint64_t kRetired = uint64_t{1} << 63;

  void release() noexcept;

  TableUses& uses_;
  std::shared_ptr<const RouteTable> table_;
  const Origin& origin_;
  const std::string source_;                    ///< a copy, because it may be asked for while the table is let go of
  alignas(64) std::atomic<uint64_t> count_{0};  ///< in flight, and whether it is retired
  std::atomic<int64_t> held_{0};
  std::atomic<bool> released_{false};
};

/// All that is in use by the subscriptions of one broker. Everything may be called from any thread.
class TableUses {
 public:
  /// `table` is the present one from now on, and `origin`, which is one of it, the broker of these subscriptions. Both
  /// null: nothing is the present one. All former uses are retired.
  void use(std::shared_ptr<const RouteTable> table, const Origin* origin);
  /// The present table; null: there is none.
  [[nodiscard]] std::shared_ptr<const RouteTable> present() const;
  /// A new use of the present table by a subscription (index into those of its origin); null: there is no table.
  std::shared_ptr<TableUse> renew(uint32_t subscription);
  /// A use of the present table that one delivery has entered, which began by another one; null: there is no present
  /// table. All such deliveries share one use.
  std::shared_ptr<TableUse> enter_present();

  /// Every use was retired and all of their deliveries are settled: nobody touches this any more, unless somebody asks
  /// it for a use.
  [[nodiscard]] bool idle() const;
  /// Deliveries that are not settled.
  [[nodiscard]] uint64_t in_flight() const;
  /// The same by source.
  [[nodiscard]] std::map<std::string, Unsettled> in_flight_by_source() const;
  /// Of these, the ones that only wait for the operator.
  [[nodiscard]] int64_t held() const;

 private:
  friend class TableUse;
  void retire_all();
  void remove(const TableUse& use) noexcept;

  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<TableUse>> uses_;
  std::shared_ptr<const RouteTable> present_;
  const Origin* origin_ = nullptr;   ///< of the present table
  std::shared_ptr<TableUse> moved_;  ///< what enter_present() gave the last time
};

}  // namespace mombridge::routing
