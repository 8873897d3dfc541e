#pragma once
// The calls that a worker process has, and what is known of each: who has to be handled again when the process ends,
// and whose time is over.

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "handler/handler.hpp"
#include "handler/worker/page.hpp"

namespace mombridge::handler::worker {

/// A call that waits for a worker, or is in one.
struct Pending {
  Call* call = nullptr;
  unsigned deaths = 0;   ///< of workers that had it and said that nothing had begun
  bool suspect = false;  ///< may be what ended the last of them
};

/// One process's. [one thread]
class HeldCalls {
 public:
  /// `timeout`: from the begin of handle() to the answer.
  explicit HeldCalls(Duration timeout) : timeout_(timeout) {}

  /// The call was sent. Ids rise. `bytes` count against what may be under way.
  void add(mombridge_request_id id, const Pending& pending, size_t bytes, TimePoint now);
  /// Its answer is there: the call, which is held no longer. Null: there is none of that id.
  Call* take(mombridge_request_id id, TimePoint now);

  /// Notes which of them have begun since the last look.
  void look(const Page& page, TimePoint now);
  /// Those whose time was over at the last look.
  [[nodiscard]] std::vector<mombridge_request_id> overdue(TimePoint now) const;
  /// Calls wait, and none has begun or ended for longer than the time-out and `grace`: the process does not work.
  [[nodiscard]] bool stuck(TimePoint now, Duration grace) const;

  /// All of them, in the order of sending, when the process has ended. Suspects are `causes` or, where there are none,
  /// what had begun. Where nothing had begun at several such ends, all are.
  std::vector<Pending> end(const Page& page, const std::vector<mombridge_request_id>& causes);

  [[nodiscard]] bool empty() const { return held_.empty(); }
  [[nodiscard]] size_t size() const { return held_.size(); }
  [[nodiscard]] size_t bytes() const { return bytes_; }
  /// What is held is one suspect.
  [[nodiscard]] bool alone() const { return !held_.empty() && held_.begin()->second.pending.suspect; }

 private:
  struct Held {
    Pending pending;
    size_t bytes;
    std::optional<TimePoint> began;  ///< seen at a look
  };

  const Duration timeout_;
  std::map<mombridge_request_id, Held> held_;
  size_t bytes_ = 0;
  mombridge_request_id seen_ = 0;  ///< all up to it have `began`
  TimePoint progress_{};           ///< when one began or ended last
};

}  // namespace mombridge::handler::worker
