#pragma once
// The thread that starts worker processes and speaks with them.

#include <vector>

#include "base/event_loop.hpp"

namespace mombridge::handler::worker {

/// One for the whole process, from the first use on until it ends, because the system kills a worker when the thread
/// ends that has started it.
class WorkerLoop {
 public:
  /// What is done once in each round of the loop, for all that has gathered in it.
  class Member {
   public:
    virtual void round_ends() noexcept = 0;

   protected:
    ~Member() = default;
  };

  static WorkerLoop& instance();

  [[nodiscard]] EventLoop& loop() { return loop_; }
  /// [loop]
  void join(Member& member) { members_.push_back(&member); }
  void leave(Member& member) { std::erase(members_, &member); }

 private:
  WorkerLoop();

  EventLoop loop_{"workers"};
  std::vector<Member*> members_;
};

}  // namespace mombridge::handler::worker
