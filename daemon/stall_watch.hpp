#pragma once
// Notices a backlog without progress, whatever the cause: a destination that is away, a handler that hangs, a message
// that is held.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "broker/broker.hpp"
#include "topology/broker_set.hpp"

namespace mombridge {

/// As Bridge::status() shows it.
using topology::NamedLink;

/// [main thread] All of it.
class StallWatch {
 public:
  /// `after`: messages in flight of which none was settled for that long are a stall.
  explicit StallWatch(Duration after) : after_(after) {}

  /// Notes what a handler has ended since the start and what it has now; call it before look(), as often.
  void look_at_handler(const std::string& name, uint64_t ended, uint64_t in_flight, TimePoint now);

  struct Subscription {
    std::string broker, source;
    uint64_t settled = 0;               ///< messages since the start
    uint64_t in_flight = 0;             ///< that are not settled
    std::vector<std::string> handlers;  ///< that its messages may go to
  };
  /// Looks at one subscription; call it every few seconds. Says in the log when a stall begins, with the links that are
  /// not up and the handlers that have ended nothing, and when it is over.
  void look(const Subscription& subscription, const std::vector<NamedLink>& links, TimePoint now);

  /// The stalls of now, as links of their own: "progress", failing.
  [[nodiscard]] std::vector<NamedLink> status() const;

 private:
  /// Something that works, and when it has got on last.
  struct Progress {
    uint64_t done = 0, in_flight = 0;
    TimePoint since{};  ///< of the last progress, or of no backlog

    /// Returns true if it has got on, or has nothing to do.
    bool note(uint64_t done_now, uint64_t in_flight_now, TimePoint now);
  };
  struct Source {
    Progress progress;
    bool stalled = false;
    std::string stuck_handlers;  ///< for people; empty: none
  };
  [[nodiscard]] std::string stuck(const std::vector<std::string>& handlers, TimePoint now) const;

  Duration after_;
  std::map<std::pair<std::string, std::string>, Source> sources_;  ///< by broker and source
  std::map<std::string, Progress> handlers_;
};

}  // namespace mombridge
