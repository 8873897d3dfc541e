#pragma once
// A transaction that is neither committed nor aborted keeps everything behind it from being delivered.

#include <cstdint>

#include "base/clock.hpp"

namespace mombridge::kafka {

/// Of one partition and assignment: whether it has stood still for long before an open transaction. Costs nothing per
/// record. Not thread-safe.
class TransactionWatch {
 public:
  /// Much longer than transactions of most producers last; those of stream processors may last as long as a checkpoint.
  static constexpr Duration kPatience = std::chrono::seconds(15);
  enum class Change { none, began, ended };

  /// The client has read to the last stable offset: nothing below `offset` is still to come.
  void at_end(int64_t offset) {
    offset_ = offset;
    since_ = {};
  }
  /// To be called every few seconds. `last`: offset of the last record that was delivered. `high`: where the log ends.
  /// `waits`: records may lie in a queue. Each spell is told once when it has lasted for kPatience, and once at its
  /// end.
  Change look(int64_t last, int64_t high, bool waits, TimePoint now) {
    bool stands = offset_ >= 0 && last < offset_ && high > offset_ && !waits;
    if (!stands) {
      since_ = {};
    } else if (since_ == TimePoint{}) {
      since_ = now;
    }
    bool hung = hangs_;
    hangs_ = stands && now - since_ >= kPatience;
    if (hung == hangs_) return Change::none;
    return hangs_ ? Change::began : Change::ended;
  }

  [[nodiscard]] bool hangs() const { return hangs_; }
  /// Where the transaction begins.
  [[nodiscard]] int64_t offset() const { return offset_; }

 private:
  int64_t offset_ = -1;  ///< -1: the end was never reached
  TimePoint since_{};    ///< standing still; zero: it does not
  bool hangs_ = false;
};

}  // namespace mombridge::kafka
