#pragma once
// How work crosses from many threads to one.

#include <cstddef>
#include <mutex>
#include <vector>

namespace mombridge {

/// Many producers, one consumer. Items are borrowed: the inbox neither owns nor frees them.
/// Order is kept per producer, and across producers where one's push happened before the other's.
///
/// A list of addresses under a lock, and not items that link to each other: whoever follows such links waits at each
/// for memory that another processor wrote last, where from a list it is fetched ahead.
template <class T>
class Inbox {
 public:
  /// [any thread] Returns true where the inbox was empty: then, and only then, the consumer must be woken.
  /// So a consumer that takes everything at once is woken once for any number of items.
  [[nodiscard]] bool push(T* item) noexcept {
    std::lock_guard lock(mutex_);
    items_.push_back(item);
    return items_.size() == 1;
  }

  /// [consumer] All items, oldest first; valid until the next call.
  [[nodiscard]] const std::vector<T*>& take() {
    // The two lists change places, so that in steady state none of them grows. A burst does not leave its memory
    // behind.
    constexpr size_t kKeep = 16384;
    if (taken_.capacity() > kKeep) std::vector<T*>().swap(taken_);
    taken_.clear();
    std::lock_guard lock(mutex_);
    taken_.swap(items_);
    return taken_;
  }

  [[nodiscard]] bool empty() const noexcept {
    std::lock_guard lock(mutex_);
    return items_.empty();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<T*> items_;
  std::vector<T*> taken_;  ///< the consumer's
};

}  // namespace mombridge
