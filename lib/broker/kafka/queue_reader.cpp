#include "broker/kafka/queue_reader.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace mombridge::kafka {

namespace {
constexpr int kRecordsPerTurn = 1024;  ///< then it is the turn of settlements
/// A queue that was empty so lately holds nothing that has waited for long.
constexpr Duration kLately = std::chrono::seconds(5);
/// A partition whose window is full is waited for so long, and again so long when it has taken so many records
/// meanwhile.
constexpr Duration kPatience = std::chrono::milliseconds(250);
constexpr size_t kManyRecords = 1000;
}  // namespace

// A partition that takes nothing would keep those waiting whose records lie behind its own: so it is stopped while
// others may go on. Where no partition takes more, the queue is not polled: it fills, and the client stops fetching. A
// settlement, which makes room, wakes the loop, so that nobody waits for a signal that was given already.
bool QueueReader::read(FetchQueue& queue) {
  bool wanted = false;
  for (auto& [key, reader] : assignment_) wanted |= prepare(*reader);
  if (!wanted) return false;
  if (waits(queue)) {
    if (!timer_) timer_ = loop_.after(kPatience, [this] { timer_ = 0; });
    return false;
  }
  for (auto& [key, reader] : assignment_) {
    if (reader->stopped() || user_.takes(*reader)) continue;
    reader->stop_fetching(true);
    if (queue.latest == reader.get()) queue.latest = nullptr;
  }
  return read_queue(queue);
}

bool QueueReader::may_hold(const PartitionReader& partition) const {
  auto* queue = partition.fetch_queue();
  return partition.stopped() || partition.has_early() || (queue && queue->emptied + kLately < loop_.round_began());
}

// What was kept of the partition comes first. It is fetched again when there is room for many, because the client has
// to ask anew for what it had fetched. Returns true if its next record may be delivered.
bool QueueReader::prepare(PartitionReader& from) {
  while (from.has_early() && user_.takes(from)) user_.take(from, from.take_early());
  if (from.stopped() && user_.takes(from) && user_.has_room(from)) from.stop_fetching(false);
  return !from.stopped() && user_.takes(from);
}

// The next records are probably of the partition that the last ones were of. Stopping it throws away what was fetched
// of it: one whose messages are settled fast is waited for, because it takes more soon.
bool QueueReader::waits(const FetchQueue& queue) const {
  if (!queue.latest || loop_.round_began() - queue.since >= kPatience) return false;
  return std::ranges::any_of(assignment_, [&](auto& one) {
    return one.second.get() == queue.latest && !one.second->stopped() && !user_.takes(*one.second);
  });
}

void QueueReader::count(FetchQueue& queue, const PartitionReader& from) const {
  if (queue.latest == &from && ++queue.taken < kManyRecords) return;
  queue.latest = &from;
  queue.since = loop_.round_began();
  queue.taken = 1;
}

bool QueueReader::read_queue(FetchQueue& queue) {
  for (int i = 0; i < kRecordsPerTurn; ++i) {
    Event event(rd_kafka_queue_poll(queue.queue.get(), 0));
    if (!event) {
      queue.emptied = loop_.round_began();
      queue.latest = nullptr;
      return !strays_.empty();
    }
    auto* from = dispatch(std::move(event));
    if (!from) continue;
    count(queue, *from);
    if (!user_.takes(*from)) return !strays_.empty();
  }
  return true;
}

// Returns the partition that it is about; null: none that is assigned. Its record then comes again to the member that
// has it.
PartitionReader* QueueReader::dispatch(Event event) {
  bool is_record = rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_FETCH;
  auto* record = is_record ? rd_kafka_event_message_next(event.get()) : nullptr;
  PartitionReader* from = nullptr;
  if (record) {
    from = assignment_.of(*record);
  } else if (TopicPartition where(rd_kafka_event_topic_partition(event.get())); where) {
    from = assignment_.find({where->topic, where->partition});
  } else {
    strays_.push_back(std::move(event));
  }
  if (!from) return nullptr;
  Fetched fetched{std::move(event), record};
  if (!from->has_early() && user_.takes(*from)) {
    user_.take(*from, std::move(fetched));
  } else {
    // The others go on without it.
    from->keep_early(std::move(fetched));
    from->stop_fetching(true);
  }
  return from;
}

std::vector<Event> QueueReader::take_strays() { return std::exchange(strays_, {}); }

}  // namespace mombridge::kafka
