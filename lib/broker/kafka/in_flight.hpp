#pragma once
// What is in flight from one partition, and how far the partition is processed.

#include <cstddef>
#include <cstdint>
#include <optional>

#include "broker/kafka/offset_tracker.hpp"

namespace mombridge::kafka {

/// One per partition and assignment; not thread-safe.
class InFlight {
 public:
  /// As OffsetTracker's.
  void begins_at(int64_t offset) { tracker_.begins_at(offset); }
  /// Another delivery. Returns its number, for processed().
  uint64_t delivered(int64_t offset) {
    ++messages_;
    return tracker_.delivered(offset);
  }
  /// The sink has it, and no longer has it.
  void handed_out() { ++held_; }
  void taken_back() { --held_; }
  /// The delivery with that number need not come again.
  void processed(uint64_t number) { tracker_.done(number); }
  /// The delivery is over, processed or not.
  void released() { --messages_; }
  /// Nothing below `offset` is still to come.
  void passed(int64_t offset) { tracker_.passed(offset); }

  /// Deliveries that are not over.
  [[nodiscard]] size_t messages() const { return messages_; }
  /// Of these, those that the sink has; the others wait for their next try.
  [[nodiscard]] size_t held() const { return held_; }
  /// Offset of the last delivery; -1: none yet.
  [[nodiscard]] int64_t last_offset() const { return tracker_.last(); }
  /// As OffsetTracker's.
  [[nodiscard]] std::optional<int64_t> next() const { return tracker_.next(); }
  /// The offset to store, where it has moved since it was taken last.
  [[nodiscard]] std::optional<int64_t> take_watermark() { return tracker_.take_watermark(); }

 private:
  OffsetTracker tracker_;
  size_t messages_ = 0;
  size_t held_ = 0;
};

}  // namespace mombridge::kafka
