#pragma once
// Objects that a source needs for every message: made once and used again.

#include <deque>
#include <utility>
#include <vector>

namespace mombridge::source {

/// Hands out objects of type `T` for reuse. An object keeps its address, and what it owns, as long as the pool lives:
/// so a delivery that is used again brings its memory with it, and in steady state no message costs an allocation.
/// For one thread.
template <class T>
class Pool {
 public:
  /// One that is free, in the state in which it was recycled; else a new one, made from `arguments`.
  template <class... Arguments>
  T& take(Arguments&&... arguments) {
    if (free_.empty()) return all_.emplace_back(std::forward<Arguments>(arguments)...);
    T& object = *free_.back();
    free_.pop_back();
    return object;
  }

  /// The object, which came from take(), may be handed out again.
  void recycle(T& object) { free_.push_back(&object); }

  /// Over all objects, those that are free included.
  auto begin() { return all_.begin(); }
  auto end() { return all_.end(); }
  [[nodiscard]] auto begin() const { return all_.begin(); }
  [[nodiscard]] auto end() const { return all_.end(); }

 private:
  std::deque<T> all_;
  std::vector<T*> free_;
};

}  // namespace mombridge::source
