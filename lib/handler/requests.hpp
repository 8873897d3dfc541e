#pragma once
// The requests that a handler has open: whatever a plugin does, each call is finished exactly once.

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

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

  /// `stuck`: for people, why a request ends whose handle() has not returned in time.
  explicit Requests(const std::string& handler = "", std::string stuck = "handle() had not returned in time")
      : stuck_(std::move(stuck)), seconds_(handler_seconds().at({handler})) {}

  /// Opens a request whose handle() is about to run. Ids are never reused in a process.
  /// `began`: now, where the caller has asked the clock anyway; zero: the call is not measured.
  mombridge_request_id open(Call& call, TimePoint deadline, TimePoint began = {});

  /// handle() is running no longer.
  struct Returned {
    std::optional<Finished> finished;  ///< what can be handed over now
    bool written_off = false;          ///< its time was over, and the call has ended long ago
  };
  /// `verdict`: handle()'s own, unless it said that complete() follows. A completion that came meanwhile counts before
  /// it.
  [[nodiscard]] Returned returned(mombridge_request_id id, std::optional<Verdict> verdict);

  enum class Completion { taken, not_open };
  /// complete() was called. `finished` is set where the call can be handed over now.
  Completion complete(mombridge_request_id id, Verdict verdict, std::optional<Finished>& finished);

  /// A request whose time is over, closed by this.
  struct Overdue {
    Finished finished;
    bool running = false;  ///< handle() has not returned: its thread is written off until it does
  };
  /// The next overdue request, each once.
  std::optional<Overdue> overdue(TimePoint now);
  /// When overdue() should be asked next.
  [[nodiscard]] std::optional<TimePoint> next_deadline();
  /// How many threads are in a handle() that was overdue.
  [[nodiscard]] size_t written_off() const;

  /// Finishes the call, unless close() came first.
  void hand_over(Finished& finished);

  /// Gives back every open request that is not in handle(). When this returns, no call is touched any more: their owner
  /// may go.
  void close();

 private:
  struct Open {
    Call* call;  ///< null: written off, while running
    TimePoint deadline, began;
    bool running = true;
    std::optional<Verdict> completed;  ///< while running
  };

  std::optional<Finished> abandon();

  const std::string stuck_;
  Histogram& seconds_;
  Gate outward_;
  mutable std::mutex mutex_;
  /// The time-out is one per handler, so that the order of the ids is that of the deadlines.
  std::map<mombridge_request_id, Open> open_;
};

}  // namespace mombridge::handler
