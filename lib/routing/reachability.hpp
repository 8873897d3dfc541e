#pragma once
// Whether what was sent waits because its destination cannot be reached.

#include <algorithm>
#include <atomic>

#include "base/backoff.hpp"
#include "routing/destination.hpp"

namespace mombridge::routing {

/// One attempt's view of its destinations. Written by whoever has the attempt; away() from any thread.
class Reachability {
 public:
  /// For the next message.
  void begin() {
    waits_ = 0;
    away_.store(false, std::memory_order_relaxed);
  }
  void sent(const Destination& to) noexcept { with_.store(&to, std::memory_order_relaxed); }
  /// It has answered, and perhaps said that it is away.
  void answered(bool away) noexcept {
    away_.store(away, std::memory_order_relaxed);
    if (!away) waits_ = 0;
  }
  /// It has the message no longer; what it said does not count yet.
  void returned() noexcept { with_.store(nullptr, std::memory_order_relaxed); }
  /// How long to wait before it is asked again.
  [[nodiscard]] Duration next_wait() noexcept { return kBackoff.at(waits_ = std::min(waits_ + 1, 16u)); }

  /// [any thread] The destination said that it is away the last time that it was asked, or cannot be reached now.
  [[nodiscard]] bool away() const noexcept {
    if (away_.load(std::memory_order_relaxed)) return true;
    auto* with = with_.load(std::memory_order_relaxed);
    return with && with->away();
  }

 private:
  /// Being away is not the message's fault, and recovery should be quick.
  static inline const Backoff kBackoff{std::chrono::milliseconds(100), std::chrono::seconds(2)};

  unsigned waits_ = 0;  ///< in a row
  std::atomic<bool> away_{false};
  std::atomic<const Destination*> with_{nullptr};  ///< has the message now
};

}  // namespace mombridge::routing
