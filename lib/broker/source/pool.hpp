#pragma once
// Objects that a source needs for every message: made once and used again.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace mombridge::source {

/// Hands out objects of type `T` for reuse. An object keeps its address, and what it owns, until trim() destroys it: so
/// a delivery that is used again brings its memory with it, and in steady state no message costs an allocation. For one
/// thread.
template <class T>
class Pool {
 public:
  /// One that is free, in the state in which it was recycled; else a new one, made from `arguments`.
  template <class... Arguments>
  T& take(Arguments&&... arguments) {
    if (free_.empty()) {
      least_free_ = 0;
      return *all_.emplace_back(std::make_unique<T>(std::forward<Arguments>(arguments)...));
    }
    T& object = *free_.back();
    free_.pop_back();
    least_free_ = std::min(least_free_, free_.size());
    return object;
  }

  /// The object, which came from take(), may be handed out again.
  void recycle(T& object) { free_.push_back(&object); }

  /// Once a second it destroys some of those that nobody needed for a second: what a burst has left over. A few always
  /// stay. Returns when it is to be called again at the latest.
  Duration trim(TimePoint now) {
    if (now - trimmed_ >= kTrimEvery) {
      trimmed_ = now;
      auto surplus = std::min(least_free_ - std::min(least_free_, kKept), kTrimmed);
      if (surplus) destroy(surplus);
      least_free_ = free_.size();
    }
    return free_.size() > kKept ? kTrimEvery : Duration::max();
  }

  /// Over all objects, those that are free included.
  template <class Visitor>
  void for_each(Visitor&& visit) {
    for (auto& object : all_) visit(*object);
  }
  template <class Predicate>
  [[nodiscard]] bool any_of(Predicate&& predicate) const {
    return std::ranges::any_of(all_, [&](auto& object) { return predicate(std::as_const(*object)); });
  }
  [[nodiscard]] size_t size() const { return all_.size(); }

 private:
  static constexpr Duration kTrimEvery = std::chrono::seconds(1);
  static constexpr size_t kKept = 16;
  static constexpr size_t kTrimmed = 16384;  ///< at once, so that the thread is not kept for long

  // Those that were used last are warm, and stay.
  void destroy(size_t count) {
    auto end = free_.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<T*> gone(free_.begin(), end);
    free_.erase(free_.begin(), end);
    std::ranges::sort(gone);
    std::erase_if(all_, [&](auto& object) { return std::ranges::binary_search(gone, object.get()); });
  }

  std::vector<std::unique_ptr<T>> all_;
  std::vector<T*> free_;
  size_t least_free_ = 0;  ///< since the last round of trim()
  TimePoint trimmed_{};
};

}  // namespace mombridge::source
