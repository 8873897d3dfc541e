// A broker refuses a batch as a whole, though only one record in it may be to blame, or only their sum too large for
// the topic. The client fails all of them alike, and puts together what it finds queued (librdkafka #488; it neither
// splits a batch, as Java's does, nor says which record it was before 2.4). So they go again, half as many at a time,
// until one that is refused is alone.

#include <algorithm>

#include "base/text.hpp"
#include "broker/kafka/producer.hpp"
#include "broker/kafka/topic_name.hpp"

namespace mombridge::kafka {

void Producer::narrow() {
  static auto& split = counter("batches_split");
  split.add();
  narrow_log_.event(
      log::Level::warn, "batch refused as a whole, its messages go again in smaller ones",
      {{"broker", broker_},
       {"topic", printable(again_.front().second->target, kMaxTopic)},
       {"messages", again_.size()},
       {"hint", "where this comes often: batch.size under librdkafka:, below the topic's max.message.bytes"}});
  // Whoever is inside could still add to a batch.
  direct_.close();
  lot_ = std::max<size_t>(again_.size() / 2, 1);
  accused_ += again_.size();
  take_again();
}

void Producer::widen() {
  lot_ = 0;
  std::lock_guard lock(mutex_);
  if (!closed_) direct_.open();
}

}  // namespace mombridge::kafka
