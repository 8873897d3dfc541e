#pragma once
// One thread's loop: file descriptors, timers and posted work over epoll. Every I/O thread of the bridge runs one.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "base/thread.hpp"
#include "base/timers.hpp"

namespace mombridge {

/// Threads: what is marked [loop] may be called only from the loop's own thread (or before it runs); the rest from any.
/// Callbacks run on the loop's thread, one at a time, and may call everything here, also to remove themselves.
class EventLoop {
 public:
  using Task = Timers::Task;
  using FdCallback = std::function<void(uint32_t epoll_events)>;
  using TimerId = Timers::Id;  ///< never 0, never reused

  /// `name` is the thread's name (at most 15 characters are shown) and stands in logs.
  explicit EventLoop(std::string name);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Starts a thread that runs the loop. `stack_bytes` 0: the system's default. Throws std::runtime_error where no
  /// thread can be made: loops are started when the process starts, which has no use for running without them.
  void start(size_t stack_bytes = 0);
  /// Asks the loop to end after the callback that is running, and joins the thread that start() made.
  /// Work that was posted before stop() is still run.
  void stop();
  /// [loop] Runs on the calling thread until quit(). For the main thread, which has no start().
  void run();
  /// Asks run() to return; does not wait.
  void quit();

  /// [loop] Calls back on these epoll events (EPOLLIN, EPOLLOUT; level-triggered). The fd stays the caller's.
  void watch(int fd, uint32_t events, FdCallback callback);
  void modify(int fd, uint32_t events);
  void unwatch(int fd);

  /// [loop] Runs the task once, not before `delay` from now.
  TimerId after(Duration delay, Task task) { return timers_.add(Clock::now() + delay, std::move(task)); }
  /// [loop] An id that has run, was cancelled or is 0 is ignored.
  void cancel(TimerId id) { timers_.cancel(id); }

  /// Runs the task soon on the loop's thread. Wakes the loop.
  void post(Task task);
  /// Runs the task on the loop's thread and returns when it has run: at once on that thread itself. Only while the loop
  /// runs, else it waits for ever.
  void call(const Task& task);
  /// Wakes the loop, for an Inbox whose push() returned true. From the thread of another loop it does so at the end of
  /// that loop's round: a source that goes through a batch of messages hands on the whole batch, and does not wake its
  /// destination for the first, the destination being done before the second comes. From the loop's own thread there is
  /// nothing to do: before_sleep() comes anyway.
  void wake() noexcept;
  /// [loop] Called once before every sleep, after all that was ready has been served: the place to write what was
  /// gathered, so that one system call serves many messages. Returns how long the sleep may last at most.
  void before_sleep(std::function<Duration()> task) { before_sleep_ = std::move(task); }

  /// [loop] From now on a round begins at the earliest so long after the one before it began, and serves what has piled
  /// up meanwhile: waking up for each one or two messages costs more than their work. 0: at once.
  void rest_between_rounds(Duration rest) { rest_ = rest; }

  [[nodiscard]] bool in_loop() const {
    return thread_id_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }
  /// [loop] When the round that runs began: for times that may be a little old, without asking the clock.
  [[nodiscard]] TimePoint round_began() const { return woke_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  /// How long the loop has not come back to its sleep, as the watchdog sees it; 0 while it sleeps.
  [[nodiscard]] Duration busy_for() const;

 private:
  struct Watch {
    explicit Watch(FdCallback c) : callback(std::move(c)) {}
    FdCallback callback;
    bool removed = false;  ///< unwatched while a batch that reports it is being served
  };
  /// What other threads have posted.
  class Posted {
   public:
    /// Returns true if it is the first since run(): then the loop must be woken.
    [[nodiscard]] bool add(Task task);
    void run();

   private:
    std::mutex mutex_;
    std::vector<Task> tasks_;
  };
  void sleep_and_dispatch();
  void rest();

  std::string name_;
  Fd epoll_;
  std::shared_ptr<Fd> event_;  ///< shared with the loops that will wake this one at the end of their round
  std::unordered_map<int, std::shared_ptr<Watch>> watches_;
  Timers timers_;
  TimePoint woke_{};  ///< from the last sleep
  Duration rest_{};
  std::function<Duration()> before_sleep_;
  Posted posted_;
  std::atomic<bool> quit_{false};
  std::atomic<int64_t> busy_since_ns_{0};  ///< 0: asleep
  std::atomic<std::thread::id> thread_id_{};
  Thread thread_;  ///< that start() made
};

/// [any thread] On a loop's thread when its round began, for times that may be a little old; on others the clock is
/// asked.
[[nodiscard]] TimePoint recent_time() noexcept;

}  // namespace mombridge
