#pragma once
// Publications that wait to be written, in their order.

#include <algorithm>
#include <cstddef>
#include <deque>
#include <span>

#include "message/publication.hpp"

namespace mombridge::amqp {

/// How a publication ends that is not wanted any more.
inline constexpr const char* kTakenBack = "its source has taken it back";

/// Belongs to the loop's thread. Where a broker closes a channel or a connection because of one of many, all of them
/// come back here and go again one by one, so that the next time there is no doubt which one is to blame.
class Backlog {
 public:
  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  /// The next one; it stays until pop().
  [[nodiscard]] Publication& front() { return *waiting_.front(); }
  void pop() { waiting_.pop_front(); }
  void append(Publication& publication) { waiting_.push_back(&publication); }
  /// They go before all others, in this order.
  void put_back(std::span<Publication* const> publications) {
    waiting_.insert(waiting_.begin(), publications.begin(), publications.end());
  }

  /// The next `count` go one by one, each after the confirm of the one before.
  void go_one_by_one(size_t count) { alone_ = std::max(alone_, count); }
  [[nodiscard]] bool one_by_one() const { return alone_ > 0; }
  /// One of them, if they go one by one, is through or refused.
  void settled() {
    if (alone_) --alone_;
  }

 private:
  std::deque<Publication*> waiting_;
  size_t alone_ = 0;  ///< so many still go one by one
};

}  // namespace mombridge::amqp
