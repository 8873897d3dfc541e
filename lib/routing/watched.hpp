#pragma once
// The deliveries on their way that taps show.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "message/delivery.hpp"

namespace mombridge::routing {

/// A table of fixed size: of two deliveries with the same place in it, the later one stays, and of the former nothing
/// more is shown. has() may be asked by any thread; the rest by one thread at a time.
class Watched {
 public:
  struct Entry {
    uint64_t message = 0;  ///< TapEntry::message
    uint8_t taps = 0;      ///< those that show it, one bit for each
  };

  /// False for nearly all; true may be out of date, unless the caller has the delivery in hand.
  [[nodiscard]] bool has(const Delivery& delivery) const noexcept {
    return place(delivery).delivery.load(std::memory_order_relaxed) == &delivery;
  }
  void put(const Delivery& delivery, Entry entry) {
    auto& at = place(delivery);
    at.entry = entry;
    at.delivery.store(&delivery, std::memory_order_relaxed);
  }
  /// Without taps: there is none.
  [[nodiscard]] Entry find(const Delivery& delivery) const { return has(delivery) ? place(delivery).entry : Entry(); }
  void remove(const Delivery& delivery) {
    if (has(delivery)) place(delivery).delivery.store(nullptr, std::memory_order_relaxed);
  }
  /// A tap has ended.
  void forget(uint8_t taps) {
    for (auto& at : places_) at.entry.taps = static_cast<uint8_t>(at.entry.taps & ~taps);
  }
  void clear() {
    for (auto& at : places_) at.delivery.store(nullptr, std::memory_order_relaxed);
  }

 private:
  struct Place {
    std::atomic<const Delivery*> delivery{nullptr};
    Entry entry;
  };
  static constexpr size_t kPlaces = 2048;

  // Deliveries stand at multiples of their size, so that the low bits of their addresses say little.
  static size_t index(const Delivery& delivery) {
    constexpr uint64_t kOdd = 0x9E3779B97F4A7C15;
    return (reinterpret_cast<uintptr_t>(&delivery) * kOdd >> 32) % kPlaces;
  }
  [[nodiscard]] Place& place(const Delivery& delivery) { return places_[index(delivery)]; }
  [[nodiscard]] const Place& place(const Delivery& delivery) const { return places_[index(delivery)]; }

  std::array<Place, kPlaces> places_;
};

}  // namespace mombridge::routing
