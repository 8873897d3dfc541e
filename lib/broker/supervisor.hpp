#pragma once
// Connect, back off, reconnect: written once, for every link of every kind of broker.

#include <atomic>
#include <functional>
#include <mutex>
#include <string>

#include "base/backoff.hpp"
#include "base/counters.hpp"
#include "base/event_loop.hpp"
#include "base/family.hpp"
#include "base/result.hpp"
#include "broker/blocked_time.hpp"
#include "broker/broker.hpp"

namespace mombridge {

/// How often a link that was up has come up again; by broker and link.
Family<Counter>& reconnects();

/// Keeps one link (a connection, a subscription) alive: calls `open`, and after a failure calls it again after the
/// backoff, for ever. Lives on its loop's thread; only status() may be called from others.
class Supervisor {
 public:
  /// `open` begins one attempt and ends it, at once or later, with opened() or failed(). `broker` and `link` name it in
  /// logs and status. `loop` must outlive this; destroy it on the loop's thread, or when the loop does not run.
  Supervisor(EventLoop& loop, std::string broker, std::string link, Backoff backoff, std::function<void()> open,
             LinkStatus::Role role = LinkStatus::Role::subscription);
  ~Supervisor();

  /// [loop] Begins the first attempt.
  void start();
  /// [loop] The link is up. `detail` for the log: where to, which version. Returns how long it had been down since it
  /// was up the last time; zero for the first time.
  Duration opened(const std::string& detail = "");
  /// [loop] An attempt failed, or a link that was up broke. Schedules the next attempt, not before `at_least` from now;
  /// calling it again before that attempt begins changes only the reason shown. A vague error does not take the place
  /// of a reason that is known since the link was up.
  void failed(const Error& error, Duration at_least = Duration::zero());
  /// [loop] The broker told us to stop sending (connection.blocked), or that is over: shown, nothing else changes.
  void blocked(const std::string& reason);
  void unblocked();
  /// [loop] The user closed the link on purpose: shown, with the reason, and not tried again before resume().
  void pause(const std::string& reason);
  void resume();
  /// [loop] What kept the link from coming up may be over: the attempt that waits begins now.
  void retry();
  /// [loop] No further attempts.
  void stop();

  /// [any thread]
  [[nodiscard]] LinkStatus status() const;
  /// [any thread] The same in short, and cheap.
  [[nodiscard]] bool up() const noexcept { return up_.load(std::memory_order_relaxed); }

 private:
  void attempt();
  void set(LinkStatus::State state, const std::string& detail);

  EventLoop& loop_;
  std::string broker_;
  Backoff backoff_;
  std::function<void()> open_;
  Counter& reconnects_;
  BlockedTime& blocked_time_;
  EventLoop::TimerId timer_ = 0;
  TimePoint up_since_{}, down_since_{};
  std::string reason_;  ///< the last one since the link was up that says why
  bool stopped_ = false;
  unsigned failures_ = 0;  ///< in a row
  std::atomic<bool> up_{false};
  mutable std::mutex mutex_;
  LinkStatus status_;
};

}  // namespace mombridge
