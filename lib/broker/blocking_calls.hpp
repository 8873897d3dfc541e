#pragma once
// Calls to a client library that answer only by blocking, on a thread of their own: an event loop asks, goes on, and
// gets the answer later, or an error when the call's time is over. Nobody has to wait for a call that hangs.

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>

#include "base/event_loop.hpp"
#include "base/result.hpp"

namespace mombridge {

/// The thread. It runs its calls one after the other, oldest first.
class BlockingCalls {
 public:
  /// `name` is the thread's name.
  explicit BlockingCalls(std::string name);
  /// As stop(), without waiting.
  ~BlockingCalls();
  BlockingCalls(const BlockingCalls&) = delete;
  BlockingCalls& operator=(const BlockingCalls&) = delete;

  /// Throws std::runtime_error where no thread can be made, as EventLoop::start(). Not after stop().
  void start();
  /// [one thread at a time, in place of start()] Starts the thread unless it runs. Returns false if no thread can be
  /// made. After stop() it does nothing.
  [[nodiscard]] bool ensure_started();
  /// Drops the calls that have not begun, and waits until the one under way is back, at most for `patience`. Returns
  /// false if it is not: then its thread ends when it is, without further effect.
  bool stop(Duration patience);

  /// [any thread] What the call uses must live as long as the call. A call that is added after stop() is dropped.
  void add(std::function<void()> call);

 private:
  /// Shared with the thread, which may outlive this.
  struct Queue {
    void run();
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::function<void()>> calls;
    bool stopping = false;
    bool running = false;
  };
  Result<> run_thread();

  const std::string name_;
  const std::shared_ptr<Queue> queue_;
};

/// One event loop's calls. For the loop's thread, or for one at a time while the loop does not run.
class BlockingCaller {
 public:
  /// The loop and `calls` outlive this.
  BlockingCaller(BlockingCalls& calls, EventLoop& loop);
  ~BlockingCaller() { cancel(); }
  BlockingCaller(const BlockingCaller&) = delete;
  BlockingCaller& operator=(const BlockingCaller&) = delete;

  /// Runs `call(deadline)`, which returns a Result, on the calls' thread, and then `answered(result)` on the loop.
  /// Where the result has not come `patience` after now, `answered` gets an error instead; a call that has not begun
  /// until then is not made. `answered` runs once, or not at all after cancel().
  ///
  /// The call may be under way after its deadline and after cancel(): it must own, or share, all that it uses.
  template <class Call, class Answered>
  void ask(Duration patience, Call call, Answered answered);

  /// Drops all calls and returns at once: one under way goes on, and its answer is thrown away.
  void cancel();
  /// Returns true if no answer is outstanding.
  [[nodiscard]] bool idle() const { return timers_.empty(); }

 private:
  /// Where the answers go; shared with the calls, which may outlive this.
  struct Outlet {
    [[nodiscard]] bool open();
    void post(EventLoop::Task task);
    std::mutex mutex;
    EventLoop* loop;  ///< null: nobody wants them any more
  };
  uint64_t begin(Duration patience, EventLoop::Task timed_out);
  [[nodiscard]] bool end(uint64_t id);

  BlockingCalls& calls_;
  EventLoop& loop_;
  std::shared_ptr<Outlet> outlet_;
  std::map<uint64_t, EventLoop::TimerId> timers_;  ///< of the calls without an answer
  uint64_t next_id_ = 0;
};

template <class Call, class Answered>
void BlockingCaller::ask(Duration patience, Call call, Answered answered) {
  using Answer = std::invoke_result_t<Call&, TimePoint>;
  auto deadline = Clock::now() + patience;
  auto take = std::make_shared<Answered>(std::move(answered));
  auto id = begin(patience, [take] { (*take)(Answer(fail("no answer in time"))); });
  calls_.add([this, outlet = outlet_, call = std::move(call), take, id, deadline]() mutable {
    if (!outlet->open() || Clock::now() >= deadline) return;
    auto answer = std::make_shared<Answer>(call(deadline));
    outlet->post([this, outlet, take, id, answer] {
      if (outlet->open() && end(id)) (*take)(std::move(*answer));
    });
  });
}

}  // namespace mombridge
