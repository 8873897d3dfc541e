#pragma once
// Asks the main loop for the bridge's status, on behalf of the loop of a listener.

#include <functional>
#include <memory>
#include <vector>

#include "admin/status.hpp"
#include "base/event_loop.hpp"

namespace mombridge::admin {

class StatusQuestion {
 public:
  using Look = std::function<Status()>;
  /// Null: the main loop has not answered in time. Valid during the call.
  using Answered = std::function<void(const Status*)>;

  /// `look` runs on the thread of `main`. Both loops outlive this. It is destroyed on the thread of `main`, when `own`
  /// does not run any more.
  StatusQuestion(EventLoop& main, EventLoop& own, Look look, Duration patience = std::chrono::milliseconds(500));

  /// [own loop] Never blocks. Whoever asks while a question is under way gets its answer.
  void ask(Answered answered);

  /// [any thread] The main loop does not come back to its sleep.
  [[nodiscard]] bool main_stuck() const { return main_.busy_for() >= kStuck; }

 private:
  struct State;

  EventLoop& main_;
  std::shared_ptr<State> state_;  ///< what is posted finds by it that this is gone
};

}  // namespace mombridge::admin
