#pragma once
// Signals as events of a loop.

#include <functional>

#include "base/event_loop.hpp"

namespace mombridge {

class Signals {
 public:
  /// Blocks TERM, INT, HUP and USR1 for the process, and ignores PIPE. Call before any thread is started: threads
  /// inherit it.
  static void block();

  /// [loop] Calls back with the signal's number.
  Signals(EventLoop& loop, std::function<void(int)> callback);
  ~Signals();

 private:
  EventLoop& loop_;
  Fd fd_;
};

}  // namespace mombridge
