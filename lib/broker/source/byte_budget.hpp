#pragma once
// How many bytes one subscription may have in flight.

#include <cstdint>

namespace mombridge::source {

/// Counts the bytes of the messages in flight, and says when their source stops reading and when it goes on. A message
/// counts with what its decoded headers take, too, because a small one may decode to fifty times its size. For one
/// thread.
class ByteBudget {
 public:
  /// `limit` in bytes. The message that reaches it is the last one: it may exceed the limit by its own size.
  explicit ByteBudget(uint64_t limit) : limit_(limit) {}

  void add(uint64_t bytes) { in_flight_ += bytes; }
  /// As many as were added for the message.
  void release(uint64_t bytes) { in_flight_ -= bytes; }

  /// Nothing more is to be read.
  [[nodiscard]] bool spent() const { return in_flight_ >= limit_; }
  /// At least half of it is free again. A source for which it is costly to stop and to go on waits for this.
  [[nodiscard]] bool half_free() const { return in_flight_ <= limit_ / 2; }
  [[nodiscard]] uint64_t in_flight() const { return in_flight_; }

 private:
  uint64_t limit_;
  uint64_t in_flight_ = 0;
};

}  // namespace mombridge::source
