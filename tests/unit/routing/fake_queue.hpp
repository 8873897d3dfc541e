#pragma once
// A queue of waits with a clock that the test moves.

#include <map>
#include <vector>

#include "routing/retry_queue.hpp"

namespace mombridge::routing::test {

/// Waits end when the test says so.
class FakeQueue final : public RetryQueue {
 public:
  void add(Retryable& waiting, Duration wait) override {
    if (stopped_) return waiting.give_back();
    waits.push_back(wait);
    waiting_.emplace(now_ + wait, &waiting);
  }
  [[nodiscard]] TimePoint now() const override { return now_; }
  void drain() override {
    RetryQueue::drain();
    std::vector<Retryable*> ended;
    std::erase_if(waiting_, [&](auto& entry) {
      if (entry.second->ends_with_drain()) ended.push_back(entry.second);
      return entry.second->ends_with_drain();
    });
    for (auto* one : ended) one->retry();
  }

  void advance(Duration by) {
    now_ += by;
    while (!waiting_.empty() && waiting_.begin()->first <= now_) waiting_.extract(waiting_.begin()).mapped()->retry();
  }
  /// To the end of the next wait.
  void advance() { advance(waiting_.begin()->first - now_); }
  void stop() {
    stopped_ = true;
    while (!waiting_.empty()) waiting_.extract(waiting_.begin()).mapped()->give_back();
  }
  [[nodiscard]] bool empty() const { return waiting_.empty(); }

  std::vector<Duration> waits;

 private:
  TimePoint now_ = TimePoint{} + 1h;
  std::multimap<TimePoint, Retryable*> waiting_;
};

}  // namespace mombridge::routing::test
