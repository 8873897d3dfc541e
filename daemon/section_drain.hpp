#pragma once
// Drains parts of a bridge that goes on running, and waits until nothing of them is in flight.

#include <functional>
#include <vector>

#include "admin/drain_report.hpp"
#include "base/event_loop.hpp"
#include "daemon/bridge.hpp"
#include "topology/drained.hpp"

namespace mombridge {

/// For the thread of `loop`.
class SectionDrain {
 public:
  using Done = std::function<void(const admin::DrainReport&)>;

  /// Both outlive this.
  SectionDrain(EventLoop& loop, Bridge& bridge) : loop_(loop), bridge_(bridge) {}
  ~SectionDrain() { loop_.cancel(timer_); }
  SectionDrain(const SectionDrain&) = delete;
  SectionDrain& operator=(const SectionDrain&) = delete;

  /// The sources of the section, which is one of the bridge's configuration, take nothing more. Calls `done` when
  /// nothing but what is held is in flight from them, when they are resumed, or after `patience`.
  void drain(const topology::Section& section, Duration patience, Done done);
  /// They go on, as far as no other section keeps them drained.
  [[nodiscard]] admin::DrainReport resume(const topology::Section& section);

 private:
  struct Waiting {
    topology::Section section;
    bool changed;  ///< it was not drained before
    TimePoint deadline;
    Done done;
  };
  void look();
  [[nodiscard]] admin::DrainReport report(const topology::Section& section, bool changed) const;

  EventLoop& loop_;
  Bridge& bridge_;
  std::vector<Waiting> waiting_;
  EventLoop::TimerId timer_ = 0;
};

}  // namespace mombridge
