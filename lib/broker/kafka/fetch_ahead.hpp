#pragma once
// Keeps librdkafka fetching ahead of us.

#include <cstddef>

#include <librdkafka/rdkafka.h>

namespace mombridge::kafka {

/// The client stops fetching for a partition whose queue is full (`queued.max.messages.kbytes`, `queued.min.messages`),
/// and 2.0.2 looks at it again only when it wakes up for something else: up to a second later, when what was there may
/// long be used up. (From 2.2 on it has `fetch.queue.backoff.ms` for this.) So it is woken whenever half a queue has
/// been taken, from all partitions together: half of what it fetched is left then, and the queue can be small.
/// For the consumer's thread.
class FetchAhead {
 public:
  /// The client, made by make_client(), outlives this.
  explicit FetchAhead(rd_kafka_t* client);

  /// A record with so many bytes of value was taken from a queue.
  void taken(size_t bytes) {
    ++records_;
    bytes_ += bytes;
    if (records_ >= half_records_ || bytes_ >= half_bytes_) wake();
  }

 private:
  void wake();

  rd_kafka_t* client_;
  size_t half_records_, half_bytes_;
  size_t records_ = 0, bytes_ = 0;  ///< since it was woken last
};

}  // namespace mombridge::kafka
