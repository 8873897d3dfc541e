#pragma once
// Asks the main loop for the bridge's status, on behalf of the loop of a listener.

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "admin/main_question.hpp"
#include "admin/status.hpp"
#include "base/event_loop.hpp"

namespace mombridge::admin {

class StatusQuestion {
 public:
  /// `wants_figures` as Observation's.
  using Look = std::function<Status(bool wants_figures)>;
  /// Null: the main loop has not answered in time. Valid during the call.
  using Answered = std::function<void(const Status*)>;

  /// `look` runs on the thread of `main`; the rest as MainQuestion's.
  StatusQuestion(EventLoop& main, EventLoop& own, Look look, Duration patience = std::chrono::milliseconds(500));

  /// [own loop] Never blocks. Whoever asks while a question is under way gets its answer.
  void ask(bool wants_figures, Answered answered);

  /// [any thread] The main loop does not come back to its sleep.
  [[nodiscard]] bool main_stuck() const { return main_.busy_for() >= kStuck; }

 private:
  EventLoop& main_;
  const Look look_;
  const Duration patience_;
  std::vector<Answered> waiting_;
  std::atomic<bool> wants_figures_{false};  ///< somebody asked for them since the last look
  MainQuestion<std::shared_ptr<const Status>> question_;
};

}  // namespace mombridge::admin
