#pragma once
// The queue that a client fetches records into.

#include <cstddef>

#include "base/clock.hpp"
#include "broker/kafka/handles.hpp"

namespace mombridge::kafka {

class PartitionReader;  // partition_reader.hpp

/// One for all partitions of a client, because librdkafka's limits (`queued.*`) are limits of a queue: so what it
/// fetches ahead does not grow with their number. And because each record keeps the whole answer of the broker that it
/// came with: where those of one topic waited in a queue of their own, they would keep what was fetched of all others
/// meanwhile. Within the queue the records of each partition are in their order. For the consumer's thread.
struct FetchQueue {
  Queue queue;
  TimePoint emptied{};  ///< when nothing was in it the last time

  // The records that came one after the other from one partition.
  const PartitionReader* latest = nullptr;  ///< of which they are, by its address alone; null: none
  TimePoint since{};                        ///< when the first of them was taken
  size_t taken = 0;                         ///< how many they are
};

}  // namespace mombridge::kafka
