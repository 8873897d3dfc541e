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

  /// [consumer] All items, oldest first.
  [[nodiscard]] std::vector<T*> take() {
    std::vector<T*> taken;
    taken.reserve(usual_);
    {
      std::lock_guard lock(mutex_);
      taken.swap(items_);
    }
    usual_ = taken.size();
    return taken;
  }

  [[nodiscard]] bool empty() const noexcept {
    std::lock_guard lock(mutex_);
    return items_.empty();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<T*> items_;
  size_t usual_ = 0;  ///< the consumer's: as many came the last time
};

}  // namespace mombridge
