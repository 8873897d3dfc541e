#pragma once
// The threads of a handler, on which its calls run.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/thread.hpp"

namespace mombridge::handler {

class Call;

/// Takes calls in the order in which they come, one for each thread at a time.
class Workers {
 public:
  using Work = std::function<void(Call&)>;
  using Last = std::function<void()>;

  /// Once. Makes `count` threads of that name, which run `work` with each call; after stop_taking() the last of them to
  /// end runs `last`. Both are kept until the threads have ended, also when these are left behind. Where not all
  /// threads can be made it fails, and those that were made take calls until stop_taking().
  Result<> start(const std::string& name, unsigned count, const Work& work, const Last& last);
  /// [any thread] Returns false after stop_taking(): then the call was not taken.
  [[nodiscard]] bool add(Call& call) noexcept;
  /// [any thread] Calls wait for a thread.
  [[nodiscard]] bool waiting();
  /// The threads end when they have finished the calls that are running. Returns the calls that waited, which nobody
  /// will run.
  std::deque<Call*> stop_taking();
  /// After stop_taking(). Returns false if a thread has not ended after `patience`: then all are left behind.
  [[nodiscard]] bool join(Duration patience);
  /// How many threads there are.
  [[nodiscard]] size_t size() const { return threads_.size(); }

 private:
  void run(const Work& work, const Last& last);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Call*> waiting_;
  std::vector<Thread> threads_;
  unsigned running_ = 0;  ///< threads that have not ended
  bool stopping_ = false;
};

}  // namespace mombridge::handler
