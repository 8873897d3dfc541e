#pragma once
// The taps of the process: where messages pass, they are told. Where nobody taps, a message costs a look at one flag.

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "message/delivery.hpp"
#include "routing/tap.hpp"
#include "routing/watched.hpp"

namespace mombridge::routing {

/// [any thread] All of it.
class Taps {
 public:
  static constexpr size_t kMost = 4;

  /// Somebody taps, or did a moment ago: only then the messages' part of this is to be called.
  [[nodiscard]] static bool active() noexcept { return active_.load(std::memory_order_relaxed); }

  /// Fails where kMost are open. What is on its way already is not shown.
  [[nodiscard]] Result<std::shared_ptr<Tap>> open(TapFilter filter);
  void close(const std::shared_ptr<Tap>& tap);

  // The messages' part.

  /// [the source's thread]
  void arrived(const Arrival& arrival);
  /// Returns true if somebody shows the delivery, which is not settled.
  [[nodiscard]] bool show(const Delivery& delivery) const noexcept { return watched_.has(delivery); }
  /// After show(). `route` is the one on whose way it happened.
  void happened(const Delivery& delivery, std::string_view route, std::string_view what,
                const std::vector<TapEntry::Field>& fields);
  /// Before the source is told.
  void settled(const Delivery& delivery, Settlement settlement);

 private:
  [[nodiscard]] uint8_t admit(const Arrival& arrival);
  [[nodiscard]] Watched::Entry find(const Delivery& delivery, bool last);
  void push(const Watched::Entry& to, std::string_view route, const TapEntry& entry);

  static inline std::atomic<bool> active_{false};

  std::shared_mutex taps_mutex_;  ///< guards `taps_`; taken before the other
  std::array<std::shared_ptr<Tap>, kMost> taps_;
  std::mutex mutex_;  ///< guards what follows
  uint64_t last_message_ = 0;
  Watched watched_;
};

Taps& taps();

}  // namespace mombridge::routing
