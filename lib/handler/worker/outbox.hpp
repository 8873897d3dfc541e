#pragma once
// What a worker process sends to the bridge.

#include <condition_variable>
#include <functional>
#include <mutex>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "base/result.hpp"
#include "handler/worker/frame_buffer.hpp"

namespace mombridge::handler::worker {

/// [any thread] Frames are written together: the thread that finds nobody writing writes what all have added.
class Outbox {
 public:
  using Write = std::function<void(FrameBuffer&)>;

  /// `socket` stays the caller's. `gone` is called when nothing can be written any more; it does not return.
  Outbox(int socket, std::function<void()> gone);

  /// Readable when flush() must be called, because something has waited for too long.
  [[nodiscard]] const Fd& timer() const { return timer_; }
  /// After the timer.
  void timer_expired();

  /// Adds what `write` writes, all of it or, where that throws, nothing. It is on its way when this returns.
  template <class Function>
  void send(Function&& write) {
    std::unique_lock lock(mutex_);
    add(write);
    send_all(lock);
  }
  /// The same, but it may wait for more: until flush(), or a millisecond.
  template <class Function>
  void gather(Function&& write) {
    std::unique_lock lock(mutex_);
    bool first = buffer_.size() == 0;
    add(write);
    if (buffer_.size() > kGathered || buffer_.in_files()) return send_all(lock);
    if (!first) return;
    gathered_since_ = Clock::now();
    arm();
  }
  void flush();
  /// Waits until everything has been written, by whichever thread. For the end of the process.
  void finish();
  /// Where what was gathered has waited for a while.
  void flush_before(TimePoint now);
  /// So much waits that what a plugin makes of its own accord is refused.
  [[nodiscard]] bool full();

 private:
  static constexpr size_t kGathered = 16 << 10;

  template <class Function>
  void add(Function& write) {
    auto before = buffer_.size();
    try {
      write(buffer_);
    } catch (...) {
      buffer_.truncate(before);
      throw;
    }
  }
  void arm();
  void send_all(std::unique_lock<std::mutex>& lock);
  void write_all(FrameBuffer& frames);

  const int socket_;
  const std::function<void()> gone_;
  Fd timer_;
  std::mutex mutex_;
  FrameBuffer buffer_;
  FrameBuffer sending_;  ///< of the thread that writes
  bool writing_ = false, armed_ = false;
  std::condition_variable written_;  ///< nobody writes any more
  TimePoint gathered_since_{};
};

}  // namespace mombridge::handler::worker
