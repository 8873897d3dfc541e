#pragma once
// How long something took, counted in fixed buckets.

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"

namespace mombridge {

/// [any thread] All of it.
class Histogram {
 public:
  /// Upper bounds of the buckets, inclusive; what takes longer is in one more.
  static constexpr std::array<Duration, 16> kBounds{500us, 1ms,   2500us, 5ms,    10ms, 25ms, 50ms, 100ms,
                                                    250ms, 500ms, 1s,     2500ms, 5s,   10s,  30s,  60s};
  static constexpr size_t kBuckets = kBounds.size() + 1;

  struct Reading {
    std::array<uint64_t, kBuckets> counts{};  ///< of each bucket alone
    Duration sum{};
    [[nodiscard]] uint64_t count() const {
      uint64_t all = 0;
      for (auto count : counts) all += count;
      return all;
    }
    /// The time within which that share (from 0 to 1) of all was done, as if times were spread evenly within a bucket.
    /// What took longer than the last bound counts as that bound. Absent: nothing was observed.
    [[nodiscard]] std::optional<Duration> quantile(double share) const {
      auto rank = share * static_cast<double>(count());
      double below = 0;
      for (size_t i = 0; i < kBounds.size(); ++i) {
        auto here = static_cast<double>(counts[i]);
        if (here > 0 && below + here >= rank) {
          auto from = i ? kBounds[i - 1] : Duration::zero();
          auto part = (rank - below) / here;
          return from + Duration(static_cast<Duration::rep>(static_cast<double>((kBounds[i] - from).count()) * part));
        }
        below += here;
      }
      return count() ? std::optional(kBounds.back()) : std::nullopt;
    }
  };

  void observe(Duration took) noexcept {
    auto bucket = std::ranges::lower_bound(kBounds, took) - kBounds.begin();
    counts_[static_cast<size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(std::max<Duration>(took, Duration::zero()).count(), std::memory_order_relaxed);
  }

  /// What is observed meanwhile may be in the one and not yet in the other.
  [[nodiscard]] Reading read() const {
    Reading reading;
    for (size_t i = 0; i < kBuckets; ++i) reading.counts[i] = counts_[i].load(std::memory_order_relaxed);
    reading.sum = Duration(sum_.load(std::memory_order_relaxed));
    return reading;
  }

  /// Whether anybody may ask for the times: without, nothing is measured for a message. Off when the process begins.
  [[nodiscard]] static bool wanted() noexcept { return wanted_.load(std::memory_order_relaxed); }
  static void want(bool yes) noexcept { wanted_.store(yes, std::memory_order_relaxed); }

 private:
  static inline std::atomic<bool> wanted_{false};

  alignas(64) std::array<std::atomic<uint64_t>, kBuckets> counts_{};
  std::atomic<Duration::rep> sum_{0};
};

}  // namespace mombridge
