#pragma once
// How many bytes one subscription may have in flight.

#include <cstdint>
#include <optional>
#include <string>

#include "broker/source/memory_share.hpp"

namespace mombridge::source {

/// Counts the bytes of the messages in flight, and says when their source stops reading and when it goes on: at its own
/// limit, and at its part of the memory of the whole process. A message counts with what its decoded headers take, too,
/// because a small one may decode to fifty times its size. For one thread.
class ByteBudget {
 public:
  /// `limit` in bytes. The message that reaches it is the last one: it may exceed the limit by its own size.
  explicit ByteBudget(uint64_t limit) : limit_(limit) {}
  /// The same, with a share of the process's memory under the name of that subscription.
  ByteBudget(uint64_t limit, const std::string& broker, const std::string& subscription) : limit_(limit) {
    share_.emplace(memory_budget(), broker, subscription);
  }

  void add(uint64_t bytes) {
    in_flight_ += bytes;
    if (share_) share_->add(bytes);
  }
  /// As many as were added for the message.
  void release(uint64_t bytes) {
    in_flight_ -= bytes;
    if (share_) share_->release(bytes);
  }

  /// Nothing more is to be read.
  [[nodiscard]] bool spent() const { return in_flight_ >= limit_ || (share_ && share_->spent()); }
  /// At least half of it is free again. A source for which it is costly to stop and to go on waits for this.
  [[nodiscard]] bool half_free() const { return in_flight_ <= limit_ / 2 && (!share_ || share_->has_room()); }
  [[nodiscard]] uint64_t in_flight() const { return in_flight_; }
  /// No message is in flight that takes memory here.
  [[nodiscard]] bool idle() const { return !in_flight_ && (!share_ || !share_->used()); }

 private:
  uint64_t limit_;
  uint64_t in_flight_ = 0;
  std::optional<MemoryShare> share_;  ///< absent: it counts nowhere else
};

}  // namespace mombridge::source
