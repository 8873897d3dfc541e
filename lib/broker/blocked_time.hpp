#pragma once
// How long a link has been blocked.

#include <mutex>
#include <utility>

#include "base/clock.hpp"
#include "base/family.hpp"

namespace mombridge {

/// [any thread] All of it. Several links may have one name: while a reload replaces a broker, or where two
/// subscriptions have one queue. The time counts once while any of them is blocked.
class BlockedTime {
 public:
  /// One of the links is blocked. end() follows.
  void begin() {
    std::lock_guard lock(mutex_);
    if (!blocked_++) since_ = Clock::now();
  }
  void end() {
    std::lock_guard lock(mutex_);
    if (!--blocked_) total_ += Clock::now() - since_;
  }
  /// The time that goes on included.
  [[nodiscard]] Duration value() const {
    std::lock_guard lock(mutex_);
    return blocked_ ? total_ + (Clock::now() - since_) : total_;
  }

 private:
  mutable std::mutex mutex_;
  unsigned blocked_ = 0;  ///< links
  TimePoint since_{};     ///< while some are
  Duration total_{};      ///< without the time that goes on
};

/// By broker and link.
Family<BlockedTime>& blocked_times();

}  // namespace mombridge
