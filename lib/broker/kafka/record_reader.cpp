#include "broker/kafka/record_reader.hpp"

#include <utility>

#include "broker/kafka/client.hpp"
#include "broker/kafka/login.hpp"
#include "broker/kafka/permission.hpp"

namespace mombridge::kafka {

namespace {
constexpr int kRecordsPerTurn = 256;  ///< then it is the next partition's

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
      transactions_(
          loop, broker_, assignment_,
          [this](const PartitionReader& p) { return !deliveries_.takes(p) || p.has_more(); }, [this] { show(); }),
      lost_offsets_(
          loop, calls,
          [this](auto& partition, auto& words) {
            if (auto* from = assignment_.find(partition)) fails(*from, offset_is_lost(partition, words));
          },
          std::move(misled)) {}

RecordReader::~RecordReader() {
  strays_.clear();
  deliveries_.drop_records();
  assignment_.clear();
}

void RecordReader::use(rd_kafka_t* client) {
  client_ = client;
  fetch_ahead_.emplace(client);
}

void RecordReader::watch_transactions() { transactions_.watch(client_); }

void RecordReader::drop_client() {
  strays_.clear();
  lost_offsets_.forget();
  assignment_.drop_all();
  fetch_ahead_.reset();
  client_ = nullptr;
  show();
}

// What an earlier assignment still has in flight is memory too: one window of it at most, or a group that is never at
// rest would make ever more while a destination is away.
bool RecordReader::read() {
  if (assignment_.former_in_flight() > settings_->prefetch_count) return false;
  bool more = false;
  for (auto& [key, reader] : assignment_) more |= read_partition(*reader);
  return more;
}

// A partition whose window is full is not polled: its queue fills, and the client stops fetching. A settlement, which
// makes room, wakes the loop, so that nobody waits for a signal that was given already.
bool RecordReader::read_partition(PartitionReader& from) {
  for (int i = 0; i < kRecordsPerTurn; ++i) {
    if (from.revoking() || !deliveries_.takes(from)) return false;
    auto fetched = from.fetch(strays_);
    if (!fetched.event) return false;
    dispatch(from, std::move(fetched));
  }
  return true;
}

void RecordReader::dispatch(PartitionReader& from, Fetched fetched) {
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
  reader->cut_off();
  reader->keep_early(std::move(fetched));
}

std::vector<Fetched> RecordReader::take_strays() { return std::exchange(strays_, {}); }

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
