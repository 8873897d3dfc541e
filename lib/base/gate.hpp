#pragma once
// The end of an inbox: lets producers in until it is closed, and closing waits for those that are inside.

#include <atomic>
#include <thread>

namespace mombridge {

/// [any thread] Unlike a lock it never makes producers wait for each other.
class Gate {
 public:
  explicit Gate(bool open = true) : closed_(!open) {}
  /// On true, leave() must follow.
  [[nodiscard]] bool enter() noexcept {
    inside_.fetch_add(1);
    if (!closed_.load()) return true;
    leave();
    return false;
  }
  void leave() noexcept { inside_.fetch_sub(1); }
  /// After it, nobody is inside and nobody gets in.
  void close() noexcept {
    closed_.store(true);
    while (inside_.load()) std::this_thread::yield();
  }
  /// Lets producers in again. Not while another thread closes it.
  void open() noexcept { closed_.store(false); }

 private:
  // Sequentially consistent, both: either enter() sees `closed_`, or close() sees it inside.
  std::atomic<unsigned> inside_{0};
  std::atomic<bool> closed_;
};

}  // namespace mombridge
