#pragma once
// An idempotent producer of librdkafka sends nothing more for a partition while five of its messages or more are
// unacknowledged. With another message waiting there, the thread that speaks with the broker then calls poll() without
// a time to wait, again and again until the acknowledgement comes: rd_kafka_toppar_producer_serve() sets the time of
// its next round before it finds that it may not send (librdkafka 2.0.2, and later ones). A Kafka that takes
// milliseconds to acknowledge so costs up to a whole core for each of its nodes. No setting helps but a linger.ms
// longer than that, which delays every message.
//
// So the program defines poll() itself, in place of the C library's, and on such a thread a poll() that keeps finding
// nothing waits for a moment. An acknowledgement, or a message for another partition, ends the wait at once, because it
// makes one of the thread's descriptors readable. Only a message that waits for its linger.ms may go that much later.

#include <cstdint>

namespace mombridge::kafka {

/// Of one thread: how long its poll() may wait. All times are in milliseconds, as poll() takes them.
class EmptyPolls {
 public:
  static constexpr int kWaitMs = 1;

  /// How long a poll() waits whose caller has asked for `asked`.
  [[nodiscard]] int wait(int asked) const noexcept { return asked == 0 && last_was_empty_ ? kWaitMs : asked; }

  /// Takes down that a poll() whose caller has asked for `asked` found `ready` descriptors.
  void polled(int asked, int ready) noexcept { last_was_empty_ = asked == 0 && ready == 0; }

 private:
  bool last_was_empty_ = false;  ///< and its caller had not asked for a wait
};

/// Before the first producer is made: from now on the threads on which librdkafka's clients speak with brokers wait as
/// said above.
void let_polls_wait() noexcept;

/// How many polls, of all threads, have waited although their callers had not asked for it.
uint64_t waited_polls() noexcept;

}  // namespace mombridge::kafka
