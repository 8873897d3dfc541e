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

  /// Looks at one source broker, of which `settled` messages were settled since the start and `in_flight` are not; call
  /// it every few seconds. Says in the log when a stall begins, with the links that are not up, and when it is over.
  void look(const std::string& broker, uint64_t settled, uint64_t in_flight, const std::vector<NamedLink>& links,
            TimePoint now);

  /// The stalls of now, as links of their own: "progress", failing.
  [[nodiscard]] std::vector<NamedLink> status() const;

 private:
  struct Source {
    uint64_t settled = 0, in_flight = 0;
    TimePoint since{};  ///< of the last progress, or of no backlog
    bool stalled = false;
  };
  Duration after_;
  std::map<std::string, Source> sources_;
};

}  // namespace mombridge
