#pragma once
// The requests that a handler has open: whatever a plugin does, each call is finished exactly once.

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/family.hpp"
#include "base/gate.hpp"
#include "base/histogram.hpp"
#include "handler/handler.hpp"
#include "mombridge/handler.h"

namespace mombridge::handler {

/// From a handler's call to its end, where times are wanted; by the handler's name.
Family<Histogram>& handler_seconds();

/// [any thread] All of it. Calls are finished outside the lock.
class Requests {
 public:
  /// A call whose time it is, with what became of it.
  struct Finished {
    Call* call;
    Verdict verdict;
    TimePoint began{};  ///< zero: it is not measured
  };

  explicit Requests(const std::string& handler = "") : seconds_(handler_seconds().at({handler})) {}

  /// Opens a request whose handle() is about to run. Ids are never reused in a process.
  /// `began`: now, where the caller has asked the clock anyway; zero: the call is not measured.
  mombridge_request_id open(Call& call, TimePoint deadline, TimePoint began = {});

  /// handle() is running no longer. `verdict`: its own, unless it said that complete() follows. Returns what can be
  /// handed over: a completion that came meanwhile counts before the verdict. A message is borrowed until handle()
  /// returns, so nothing is finished before.
  [[nodiscard]] std::optional<Finished> returned(mombridge_request_id id, std::optional<Verdict> verdict);

  enum class Completion { taken, not_open };
  /// complete() was called. `finished` is set where the call can be handed over now.
  Completion complete(mombridge_request_id id, Verdict verdict, std::optional<Finished>& finished);

  /// A request whose time is over: an answer that nobody waits for any longer, or a handle() that still runs.
  struct Overdue {
    std::optional<Finished> finished;  ///< empty: handle() still runs and keeps its message
  };
  /// The next overdue request, each once.
  std::optional<Overdue> overdue(TimePoint now);
  /// When overdue() should be asked next.
  [[nodiscard]] std::optional<TimePoint> next_deadline();

  /// Finishes the call, unless close() came first.
  void hand_over(Finished& finished);

  /// Gives back every open request that is not in handle(). When this returns, no call is touched any more: their owner
  /// may go.
  void close();

 private:
  struct Open {
    Call* call;
    TimePoint deadline, began;
    bool running = true;
    bool overdue = false;              ///< while running: has been said
    std::optional<Verdict> completed;  ///< while running
  };

  std::optional<Finished> abandon();

  Histogram& seconds_;
  Gate outward_;
  std::mutex mutex_;
  /// The time-out is one per handler, so that the order of the ids is that of the deadlines.
  std::map<mombridge_request_id, Open> open_;
};

}  // namespace mombridge::handler
