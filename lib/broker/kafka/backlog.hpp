#pragma once
// Publications that wait until the client can take them.

#include <atomic>
#include <cstddef>
#include <deque>
#include <mutex>
#include <vector>

#include "message/publication.hpp"

namespace mombridge::kafka {

/// Many threads add, one takes. A caller that finds waiting() true adds its publication here too, and so the order of
/// each caller is kept. [any thread, but where it says otherwise]
class Backlog {
 public:
  enum class Added {
    first,   ///< the one that takes must be woken
    behind,  ///< others wait before it
    closed,  ///< it was not added
  };
  [[nodiscard]] Added add(Publication& publication) noexcept;
  /// Returns true from the first add() on until finished() was called for the last publication that was taken.
  [[nodiscard]] bool waiting() const noexcept { return waiting_.load(std::memory_order_acquire) > 0; }

  /// [the one that takes] The oldest; null: there is none. finished() or put_back() must follow.
  [[nodiscard]] Publication* take();
  /// [the one that takes] The client has the one that was taken, or it is completed.
  void finished() { waiting_.fetch_sub(1, std::memory_order_release); }
  /// [the one that takes] The one that was taken is the oldest again.
  void put_back(Publication& publication);
  /// [the one that takes] They go before all others, in this order.
  void put_first(const std::vector<Publication*>& publications);

  /// Nothing is added any more.
  void close();
  /// Calls `act` unless it is closed, which it then is not before `act` has returned.
  template <class Act>
  void unless_closed(Act&& act) {
    std::lock_guard lock(mutex_);
    if (!closed_) act();
  }
  /// [when nobody takes] All of them.
  [[nodiscard]] std::vector<Publication*> take_all();

 private:
  std::mutex mutex_;
  std::deque<Publication*> publications_;
  bool closed_ = false;
  std::atomic<size_t> waiting_{0};  ///< here, and the one that was taken
};

}  // namespace mombridge::kafka
