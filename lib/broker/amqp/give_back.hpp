#pragma once
// When a subscription gives back messages that cannot be delivered now.

#include <string>

#include "base/event_loop.hpp"

namespace mombridge::amqp {

/// Left alone, RabbitMQ would end a consumer whose messages wait for long (consumer_timeout), the bridge would take the
/// same messages again at once, and each such round counts against a quorum queue's delivery limit. So messages that
/// wait for a destination that is away go back to their queue once, and the queue has no consumer until the destination
/// is there again. A queue that would lose messages without its consumer keeps it, and the bridge keeps the messages.
class GiveBack {
 public:
  enum class Waiting { nothing, briefly, long_enough };
  /// The subscription. All calls come on the loop's thread.
  class User {
   public:
    /// Whether any message that arrived before `since` waits for a destination that is away. `nothing`: no message is
    /// in flight at all.
    virtual Waiting waiting_since(TimePoint since) = 0;
    /// The user ends its consumer and calls paused().
    virtual void give_back() = 0;
    /// The messages stay here. Called once, until none waits any longer.
    virtual void keep(const std::string& why) = 0;

   protected:
    ~User() = default;
  };

  /// After `after`, messages are given back. `needs_consumer`: why this queue must never be without its consumer;
  /// empty: it may. `after` zero: nothing is ever given back. `loop` and `user` outlive this.
  GiveBack(EventLoop& loop, Duration after, std::string needs_consumer, User& user);
  ~GiveBack() { loop_.cancel(timer_); }
  GiveBack(const GiveBack&) = delete;
  GiveBack& operator=(const GiveBack&) = delete;

  /// [loop] A message is in flight. Costs a comparison where one was before.
  void watch() {
    if (!timer_) begin();
  }
  /// [loop] Returns true if the queue must not be without its consumer, whatever the reason to end it.
  [[nodiscard]] bool must_keep() const { return !needs_consumer_.empty(); }

  /// [loop] The consumer was ended, or was not begun, because messages wait.
  void paused() { state_ = State::paused; }
  /// [loop] The consumer is about to begin again.
  void resumes() { state_ = State::resuming; }
  /// [loop] The consumer has begun again.
  void resumed() { state_ = State::consuming; }
  [[nodiscard]] bool is_paused() const { return state_ == State::paused; }
  [[nodiscard]] bool is_resuming() const { return state_ == State::resuming; }

 private:
  enum class State { consuming, paused, resuming };
  void begin();
  void check();

  EventLoop& loop_;
  const Duration after_;
  const std::string needs_consumer_;
  User& user_;
  State state_ = State::consuming;
  bool kept_ = false;  ///< keep() was called, and messages still wait
  EventLoop::TimerId timer_ = 0;
};

}  // namespace mombridge::amqp
