#pragma once
// A broker refuses a batch as a whole, though only one record in it may be at fault, or only their sum too large for
// the topic. The client fails all of them alike, and puts together what it finds queued (librdkafka #488; it neither
// splits a batch, as Java's does, nor says which record it was before 2.4). So they go again, half as many at a time,
// until one that is refused is alone. This counts how many may go.

#include <cstddef>
#include <string>
#include <string_view>

#include "base/log.hpp"

namespace mombridge::kafka {

/// [the producer's loop; alone() also on callers' threads, between which the producer's gate stands]
class BatchBisect {
 public:
  explicit BatchBisect(std::string broker) : broker_(std::move(broker)) {}

  /// `refused` records of one batch were refused, and go to the front of the backlog.
  void narrow(size_t refused, std::string_view topic);
  /// One of the backlog's first was taken from it.
  void taken() {
    if (to_resend_) --to_resend_;
  }
  /// One was delivered: more may go together.
  void delivered() {
    if (limit_) ++limit_;
  }
  /// None of those that were refused is left in the backlog, so records may go together again once none is in flight.
  [[nodiscard]] bool over() const { return limit_ && !to_resend_; }
  [[nodiscard]] bool full(size_t in_flight) const { return limit_ && in_flight >= limit_; }
  /// No other record can be in the batch of the one that goes now.
  [[nodiscard]] bool alone() const { return limit_ == 1; }
  void widen() { limit_ = 0; }
  void reset() { limit_ = to_resend_ = 0; }

 private:
  const std::string broker_;
  size_t limit_ = 0;      ///< at most so many are in flight, so that a batch is no larger; 0: any number
  size_t to_resend_ = 0;  ///< so many of the backlog's first were in a batch that was refused
  log::Repeated log_;
};

}  // namespace mombridge::kafka
