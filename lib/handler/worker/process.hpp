#pragma once
// One worker process as the bridge sees it: frames go in and come out until it has ended.

#include <cstdint>
#include <memory>
#include <string>
#include <sys/types.h>

#include "base/clock.hpp"
#include "base/event_loop.hpp"
#include "base/result.hpp"
#include "handler/worker/body_slots.hpp"
#include "handler/worker/death.hpp"
#include "handler/worker/frame_buffer.hpp"
#include "handler/worker/frames.hpp"
#include "handler/worker/page.hpp"
#include "handler/worker/printed_lines.hpp"
#include "handler/worker/spawn.hpp"

namespace mombridge::handler::worker {

/// [loop] All of it. Dropping it kills the process.
class Process {
 public:
  /// Who is told. Neither may drop the process, but kill() it.
  class Listener {
   public:
    /// A frame has come. An error: it breaks the protocol, and the process is killed.
    virtual Result<> frame(const Frame& frame) = 0;
    /// The process has ended; nothing more comes, and it may be dropped after this has returned.
    virtual void ended(const Death& death) = 0;

   protected:
    ~Listener() = default;
  };

  /// `listener` and `loop` outlive this.
  static Result<std::unique_ptr<Process>> start(EventLoop& loop, const SpawnOptions& options, Listener& listener);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Files that came with frames, for who reads those.
  [[nodiscard]] BodyFiles& files() { return stream_.files(); }
  /// For the bodies of calls.
  [[nodiscard]] BodySlots& slots() { return slots_; }
  /// Where frames are added. flush() sends them.
  [[nodiscard]] FrameBuffer& out() { return out_; }
  void flush();
  /// Its end, which this brings about, is told with this reason. Once is enough.
  void kill(const std::string& reason);
  [[nodiscard]] bool killed() const { return !killed_for_.empty(); }
  /// What comes from now on is not listened to, and its end is not told.
  void forget() { listener_ = nullptr; }

  [[nodiscard]] pid_t pid() const { return spawned_.pid; }
  [[nodiscard]] const Page& page() const { return spawned_.page; }

 private:
  Process(EventLoop& loop, const SpawnOptions& options, Listener& listener, Spawned spawned);

  void watch();
  void readable();
  void disconnected();
  /// Takes what is there. False: there will be nothing more.
  bool receive();
  void take_frames();
  void read_output();
  void end();

  EventLoop& loop_;
  Listener* listener_;
  const uint64_t memory_limit_;
  Spawned spawned_;
  BodySlots slots_{spawned_.page};
  PluginLog log_;
  PrintedLines printed_{log_};
  FrameStream stream_;
  FrameBuffer out_;
  bool waits_to_send_ = false, ended_ = false;
  EventLoop::TimerId timer_ = 0;  ///< until it is killed, because it has no connection
  std::string killed_for_;
};

}  // namespace mombridge::handler::worker
