#pragma once
// A handler's calls, from their arrival until they are finished: which wait, which the worker has, and what becomes of
// each when the worker ends.

#include <optional>
#include <string>
#include <vector>

#include "base/counters.hpp"
#include "base/histogram.hpp"
#include "base/log.hpp"
#include "config/config.hpp"
#include "handler/handler.hpp"
#include "handler/worker/body_slots.hpp"
#include "handler/worker/held_calls.hpp"
#include "handler/worker/host_frames.hpp"
#include "handler/worker/pending_calls.hpp"

namespace mombridge::handler::worker {

/// Each call that was added is finished exactly once. [one thread]
class Calls {
 public:
  /// Both outlive this.
  Calls(const config::Handler& config, HostFrames& host);

  void add(Call& call) { pending_.add(call); }
  /// Writes what may go to a worker that runs: all that fits, or one suspect alone. `slots`: the worker's.
  void send(FrameBuffer& out, BodySlots& slots);
  /// The worker's answer. An error: it cannot be read.
  Result<> result(ByteReader reader, BodyFiles& files, BodySlots& slots);

  [[nodiscard]] bool any_in_worker() const { return !held_.empty(); }
  /// To be asked while there are any, every look_interval(): ends requests that were not answered in time, which is
  /// written for the worker to know. Returns why the worker must be killed; nullopt: it need not.
  std::optional<std::string> look(const Page& page, FrameBuffer& out);
  [[nodiscard]] Duration look_interval() const;

  struct Lost {
    size_t calls;   ///< that the worker had
    bool rejected;  ///< one of them was rejected
  };
  /// The worker has ended: what it had waits for the next one, and a suspect that was alone in it is rejected, because
  /// it has ended two. `why`: "the worker of handler 'h' (p 1.0) was killed by SIGSEGV".
  Lost worker_ended(const Page& page, const std::string& why);

  /// Finishes as retry what waits, and what the worker has.
  void give_back_waiting();
  void give_back_all(const Page& page);

 private:
  void send(const Pending& pending, FrameBuffer& out, BodySlots& slots);
  void end_late(const std::vector<mombridge_request_id>& ids, TimePoint now, FrameBuffer& out);

  const config::Handler& config_;
  HostFrames& host_;
  HeldCalls held_;
  PendingCalls pending_;
  std::vector<mombridge_request_id> causes_;  ///< for which the worker must be killed
  Histogram& seconds_;
  Counter& timeouts_;
  log::Repeated log_;
};

}  // namespace mombridge::handler::worker
