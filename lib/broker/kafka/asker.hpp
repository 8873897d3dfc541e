#pragma once
// A thread for the questions that librdkafka only answers by blocking: metadata, committed offsets, watermarks.

#include <atomic>
#include <functional>
#include <string>

#include "base/event_loop.hpp"

namespace mombridge::kafka {

class Asker {
 public:
  explicit Asker(const std::string& name) : loop_(name) {}
  ~Asker() { stop(); }

  void start() {
    running_ = true;
    loop_.start();
  }
  /// Waits for the questions that were asked.
  void stop() {
    if (running_.exchange(false)) loop_.stop();
  }

  /// [any thread] Runs the question on the thread; it posts its answer to whoever asked. Dropped once stopped.
  void ask(std::function<void()> question) {
    if (running_) loop_.post(std::move(question));
  }

  /// [any thread] Returns when what was asked before has been answered: then a client may be ended.
  void wait() {
    if (running_) loop_.call([] {});
  }

 private:
  EventLoop loop_;
  std::atomic<bool> running_{false};
};

}  // namespace mombridge::kafka
