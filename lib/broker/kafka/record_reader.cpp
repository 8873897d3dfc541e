#include "broker/kafka/record_reader.hpp"

#include <utility>

#include "broker/kafka/client.hpp"
#include "broker/kafka/login.hpp"
#include "broker/kafka/permission.hpp"

namespace mombridge::kafka {

namespace {

// The client has taken its position back, as on_offset_lost says: the log ends before where it was. What is there now
// are other records, though their offsets are below those that were delivered already.
void log_rewind(const std::string& broker, const PartitionReader& from, int64_t offset) {
  log::warn("partition is read from an earlier offset, because the broker has lost the one where it would have gone on",
            {{"broker", broker},
             {"topic", from.topic()},
             {"partition", from.number()},
             {"last", from.in_flight().last_offset()},
             {"offset", offset}});
}

std::string offset_is_lost(const PartitionKey& partition, const std::string& words) {
  return "the broker no longer has the offset where " + partition.first + " partition " +
         std::to_string(partition.second) +
         " would go on; it waits for a decision: on_offset_lost: earliest or latest, or set the group's offset (" +
         words + ")";
}

}  // namespace

RecordReader::RecordReader(EventLoop& loop, BlockingCalls& calls, std::string broker,
                           std::shared_ptr<const Settings> settings, std::vector<uint32_t> indices,
                           SubscriptionLinks& links, ClusterLink& cluster, LostOffsets::Misled misled)
    : broker_(std::move(broker)),
      settings_(std::move(settings)),
      links_(links),
      cluster_(cluster),
      deliveries_(loop, broker_, settings_, std::move(indices), assignment_),
      queues_(loop, assignment_, *this),
      transactions_(
          loop, broker_, assignment_, [this](const PartitionReader& p) { return !takes(p) || queues_.may_hold(p); },
          [this] { show(); }),
      lost_offsets_(
          loop, calls,
          [this](auto& partition, auto& words) {
            if (auto* from = assignment_.find(partition)) fails(*from, offset_is_lost(partition, words));
          },
          std::move(misled)) {}

RecordReader::~RecordReader() {
  (void)take_strays();
  deliveries_.drop_records();
  assignment_.clear();
}

void RecordReader::use(ConsumerClient& client) {
  client_ = &client;
  fetch_ahead_.emplace(client.get());
}

void RecordReader::watch_transactions() { transactions_.watch(client_->get()); }

void RecordReader::drop_client() {
  (void)take_strays();  // they are the client's memory
  lost_offsets_.forget();
  assignment_.drop_all();
  fetch_ahead_.reset();
  client_ = nullptr;
  show();
}

// What an earlier assignment still has in flight is memory too: one window of it at most, or a group that is never at
// rest would make ever more while a destination is away.
bool RecordReader::read() {
  if (!client_ || assignment_.former_in_flight() > settings_->prefetch_count) return false;
  return queues_.read(client_->fetch_queue());
}

bool RecordReader::takes(const PartitionReader& from) const { return !from.revoking() && deliveries_.takes(from); }

bool RecordReader::has_room(const PartitionReader& from) const { return deliveries_.has_room(from); }

void RecordReader::take(PartitionReader& from, Fetched fetched) {
  if (rd_kafka_event_type(fetched.event.get()) == RD_KAFKA_EVENT_ERROR) {
    bool end = rd_kafka_event_error(fetched.event.get()) == RD_KAFKA_RESP_ERR__PARTITION_EOF;
    return end ? reached_end(from, fetched.event.get()) : partition_error(from, fetched.event.get());
  }
  auto* record = fetched.record;
  if (!record) return;
  fetch_ahead_->taken(record->len);
  if (record->offset <= from.in_flight().last_offset()) log_rewind(broker_, from, record->offset);
  if (!cluster_.is_reached()) cluster_.reached();
  if (!from.error().empty()) works_again(from);
  deliveries_.deliver(from, std::move(fetched));
}

// The event lies behind the last record, so that all that will ever come below its offset has come.
void RecordReader::reached_end(PartitionReader& from, rd_kafka_event_t* event) {
  TopicPartition end(rd_kafka_event_topic_partition(event));
  if (!end || end->offset < 0) return;
  from.reached_end(end->offset);
  if (!from.error().empty()) works_again(from);
}

bool RecordReader::partition_error(rd_kafka_event_t* event) {
  TopicPartition where(rd_kafka_event_topic_partition(event));
  auto* from = where ? assignment_.find({where->topic, where->partition}) : nullptr;
  if (from) partition_error(*from, event);
  return from;
}

void RecordReader::partition_error(PartitionReader& from, rd_kafka_event_t* event) {
  auto code = rd_kafka_event_error(event);
  auto text = describe(code, rd_kafka_event_error_string(event));
  if (code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)
    return lost_offsets_.examine(from.client(), from.key(), std::move(text));
  text = from.topic() + " partition " + std::to_string(from.number()) + ": " + text;
  if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
    text += ": " + allow({"Read"}, "topic", from.topic(), Login(*settings_).principal());
  fails(from, text);
}

void RecordReader::fails(PartitionReader& from, const std::string& reason) {
  // The client repeats it at every fetch while it lasts.
  if (!from.fails(reason)) return;
  log::error("partition fails",
             {{"broker", broker_}, {"topic", from.topic()}, {"partition", from.number()}, {"reason", reason}});
  show();
}

void RecordReader::works_again(PartitionReader& from) {
  if (!from.works()) return;
  log::info("partition works again", {{"broker", broker_}, {"topic", from.topic()}, {"partition", from.number()}});
  show();
}

void RecordReader::store_offsets() {
  for (auto& [key, reader] : assignment_)
    if (auto code = reader->store_offset())
      error_log_.event(
          log::Level::warn, "offset not stored",
          {{"broker", broker_}, {"topic", key.first}, {"partition", key.second}, {"reason", describe(code, {})}});
}

// In the order in which they came, the end of the partition behind its records.
void RecordReader::keep_early(Fetched fetched) {
  PartitionKey key;
  if (fetched.record) {
    key = {rd_kafka_topic_name(fetched.record->rkt), fetched.record->partition};
  } else if (TopicPartition where(rd_kafka_event_topic_partition(fetched.event.get())); where) {
    key = {where->topic, where->partition};
  }
  auto* reader = assignment_.find(key);
  if (!reader) return;
  if (auto* queue = reader->fetch_queue()) reader->come_through(*queue);
  reader->keep_early(std::move(fetched));
}

void RecordReader::show() {
  std::vector<std::string> errors(links_.size()), notes(errors.size());
  for (auto& [key, reader] : assignment_) {
    auto subscription = reader->subscription();
    if (!subscription) continue;
    if (!reader->error().empty()) errors[*subscription] = reader->error();
    if (auto note = OpenTransactions::note(*reader); !note.empty()) notes[*subscription] = std::move(note);
  }
  links_.partitions(std::move(errors), std::move(notes));
}

}  // namespace mombridge::kafka
