#pragma once
// Which deliveries of one channel are settled, and the fewest acknowledgements that say so.

#include <cstddef>
#include <cstdint>
#include <deque>

namespace mombridge::amqp {

/// Tags count from 1 without gaps, in the order of delivery. One per channel; not thread-safe.
class AckTracker {
 public:
  /// The next delivery arrived.
  void delivered() { open_.push_back(State::open); }
  [[nodiscard]] uint64_t last() const { return low_ + open_.size(); }

  /// Accepted, and not acknowledged yet.
  [[nodiscard]] uint64_t gathered() const { return accepted_; }

  /// The delivery is to be acknowledged by a later flush().
  void accepted(uint64_t tag) { mark(tag, State::accepted); }
  /// The caller has settled the delivery by a nack.
  void nacked(uint64_t tag) { mark(tag, State::settled); }

  /// Calls `multiple(tag)` to acknowledge everything below the first delivery that is open. `tag` is the last accepted
  /// one of them, because RabbitMQ closes the channel for a tag that was nacked before. What is accepted above the open
  /// delivery gathers; when that is more than `patience` deliveries, or with `all`, calls `single(tag)` for each.
  template <class Multiple, class Single>
  void flush(uint64_t patience, bool all, Multiple&& multiple, Single&& single) {
    uint64_t last_accepted = 0;
    while (!open_.empty() && open_.front() != State::open) {
      ++low_;
      if (open_.front() == State::accepted) {
        last_accepted = low_;
        --accepted_;
      }
      open_.pop_front();
    }
    if (last_accepted) multiple(last_accepted);
    if (!accepted_ || (accepted_ <= patience && !all)) return;
    for (std::size_t i = 0; i < open_.size() && accepted_; ++i) {
      if (open_[i] != State::accepted) continue;
      open_[i] = State::settled;
      --accepted_;
      single(low_ + 1 + i);
    }
  }

 private:
  enum class State : uint8_t { open, accepted, settled };
  void mark(uint64_t tag, State state) {
    open_[tag - low_ - 1] = state;
    if (state == State::accepted) ++accepted_;
  }

  uint64_t low_ = 0;        ///< all deliveries up to this tag are settled
  uint64_t accepted_ = 0;   ///< so many in open_ are accepted and not acknowledged yet
  std::deque<State> open_;  ///< of the tags from low_ + 1 on
};

}  // namespace mombridge::amqp
