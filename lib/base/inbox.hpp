#pragma once
// How work crosses from many threads to one: a lock-free list of items that carry their own link.
// Model: the intrusive MPSC stack (push by compare-and-swap, take all by exchange, reverse for order).

#include <atomic>
#include <cstdint>

namespace mombridge {

/// Base of everything that can lie in an Inbox. An item lies in at most one inbox at a time.
template <class T>
struct InboxItem {
  T* next_in_inbox = nullptr;
};

/// Many producers, one consumer. Items are borrowed: the inbox neither owns nor frees them.
/// Order is kept per producer, and across producers where one's push happened before the other's.
template <class T>
class Inbox {
 public:
  /// [any thread] Returns true where the inbox was empty: then, and only then, the consumer must be woken.
  /// So a consumer that takes everything at once is woken once for any number of items.
  [[nodiscard]] bool push(T* item) noexcept {
    T* head = head_.load(std::memory_order_relaxed);
    do {
      item->next_in_inbox = head;
    } while (!head_.compare_exchange_weak(head, item, std::memory_order_release, std::memory_order_relaxed));
    return head == nullptr;
  }

  /// [consumer] All items, oldest first, linked by next_in_inbox; nullptr where there are none.
  /// Read an item's link before handing the item on.
  [[nodiscard]] T* take() noexcept {
    T* newest = head_.exchange(nullptr, std::memory_order_acquire);
    T* oldest = nullptr;
    while (newest) {
      T* older = newest->next_in_inbox;
      newest->next_in_inbox = oldest;
      oldest = newest;
      newest = older;
    }
    return oldest;
  }

  [[nodiscard]] bool empty() const noexcept { return head_.load(std::memory_order_relaxed) == nullptr; }

 private:
  alignas(64) std::atomic<T*> head_{nullptr};
};

}  // namespace mombridge
