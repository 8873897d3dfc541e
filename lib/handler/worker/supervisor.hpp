#pragma once
// Keeps one handler's worker process: starts it, and starts it again when it has ended.

#include <functional>
#include <memory>
#include <string>

#include "base/backoff.hpp"
#include "base/event_loop.hpp"
#include "config/config.hpp"
#include "handler/worker/calls.hpp"
#include "handler/worker/host_frames.hpp"
#include "handler/worker/process.hpp"
#include "handler/worker/worker_record.hpp"

namespace mombridge::handler::worker {

/// Life: create, start, stop, close. There is never more than one process at a time, because a plugin may hold what
/// only one can have, and one that is serial must not be called twice at once. [loop] All of it but status().
class Supervisor final : private Process::Listener {
 public:
  using Created = std::function<void(const Result<>&)>;
  using Ended = std::function<void()>;

  /// All of them outlive this. Dropping it kills the process.
  Supervisor(const config::Handler& config, EventLoop& loop, HostFrames& host, Calls& calls);
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  /// Starts the first process and has it create the plugin. Calls `created` once. On an error there is no process.
  void create(Created created);
  /// Has the plugin started, again and again until that succeeds.
  void start();
  /// Has the plugin stopped and gives back what it leaves open. Calls `stopped` once, after `patience` at the latest,
  /// when the process is killed.
  void stop(Duration patience, Ended stopped);
  /// After stop(): ends the process. Calls `closed` once, after `patience` at the latest.
  void close(Duration patience, Ended closed);
  /// Sends what has gathered.
  void send();

  /// [any thread]
  [[nodiscard]] WorkerStatus status() const { return record_.read(); }

 private:
  /// Of the process. `none`: there is none, before its next start or for good.
  enum class State { none, creating, created, starting, running, stopping, stopped, closing };
  /// What it is to become.
  enum class Goal { created, running, stopped, closed };

  Result<> frame(const Frame& frame) override;
  void ended(const Death& death) override;

  /// Fails where the system makes no process.
  Result<> begin(bool again);
  void begin_later();
  Result<> created(ByteReader reader);
  /// create() or start() has failed.
  Result<> failed(ByteReader reader);
  void pursue_goal();
  void kill_after(Duration patience, const char* reason);
  void watch_calls();
  void enter(State state);
  void reached_goal();
  [[nodiscard]] std::string worker() const;

  const config::Handler& config_;
  EventLoop& loop_;
  HostFrames& host_;
  Calls& calls_;
  std::unique_ptr<Process> process_;
  State state_ = State::none;
  Goal goal_ = Goal::created;
  Created created_;  ///< who waits for the first create()
  Ended reached_;    ///< who waits for the goal
  Backoff backoff_;
  EventLoop::TimerId timer_ = 0;  ///< the next start, or the end of a patience
  EventLoop::TimerId look_timer_ = 0;
  std::string plugin_;   ///< its name and version, as it said last
  std::string failure_;  ///< why the plugin was not created or started in this process; empty: it was
  WorkerRecord record_;
};

}  // namespace mombridge::handler::worker
