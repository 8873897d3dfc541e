#pragma once
// How far one partition is processed without a gap: what may be stored, so that a crash loses nothing.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>

namespace mombridge::kafka {

/// One per partition and assignment; not thread-safe. Offsets rise but are sparse (compaction, transaction markers),
/// and begin again lower where the broker has lost what came above (a topic made anew, an unclean election), so
/// deliveries are known by their number in the order of delivery.
class OffsetTracker {
 public:
  /// Before the first delivery: where the partition is read from.
  void begins_at(int64_t offset) { begin_ = offset; }
  /// The next delivery. Returns its number, for done().
  uint64_t delivered(int64_t offset) {
    if (offset <= last_) end_ = -1;  // of what is no longer there
    last_ = offset;
    open_.push_back({offset, false});
    return low_ + open_.size() - 1;
  }
  /// Once for each number.
  void done(uint64_t number) {
    open_[number - low_].done = true;
    while (!open_.empty() && open_.front().done) {
      open_.pop_front();
      ++low_;
      moved_ = true;
    }
  }

  /// Everything below `offset` has been delivered, or never will be: it is of no use to anybody (transaction markers,
  /// aborted records, what compaction removed).
  void passed(int64_t offset) {
    if (offset <= end_) return;
    end_ = offset;
    moved_ |= open_.empty() && offset > last_ + 1;
  }

  /// The offset to store: that of the first delivery which is not done, else the one after all that was delivered or
  /// passed. Nothing where it has not moved since it was taken last.
  std::optional<int64_t> take_watermark() {
    if (!moved_) return std::nullopt;
    moved_ = false;
    return open_.empty() ? std::max(last_ + 1, end_) : open_.front().offset;
  }

  /// The first offset that is not done; nothing where that is not known before the first delivery.
  [[nodiscard]] std::optional<int64_t> next() const {
    if (!open_.empty()) return open_.front().offset;
    auto next = std::max(last_ >= 0 ? last_ + 1 : begin_, end_);
    return next < 0 ? std::nullopt : std::optional(next);
  }
  /// Offset of the last delivery; -1: none yet.
  [[nodiscard]] int64_t last() const { return last_; }

 private:
  struct Entry {
    int64_t offset;
    bool done;
  };
  std::deque<Entry> open_;  ///< from the first that is not done
  uint64_t low_ = 0;        ///< number of the first of open_
  int64_t last_ = -1, end_ = -1;
  int64_t begin_ = -1;  ///< -1: not known
  bool moved_ = false;
};

}  // namespace mombridge::kafka
