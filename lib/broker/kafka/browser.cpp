#include "broker/kafka/browser.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "broker/first_token.hpp"
#include "broker/kafka/connection_error.hpp"
#include "broker/kafka/record.hpp"
#include "broker/kafka/topic_match.hpp"

namespace mombridge::kafka {

namespace {

constexpr Duration kPatience = std::chrono::seconds(10);  ///< to connect; for each question; for the next record
constexpr int kPatienceMs = 10'000;

struct Stored final : StoredMessage {
  Handle<rd_kafka_message_t, rd_kafka_message_destroy> record;
  RecordStorage storage;
};

// The consumer's own properties, but nothing is committed by itself.
ClientProperties browse_properties(const Settings& settings) {
  auto all = consumer_properties(settings, TopicMatch(settings));
  for (auto& p : all.fixed)
    if (p.name == std::string_view("enable.auto.commit")) p.value = "false";
  return all;
}

// Errors that a client reports while it goes on by itself.
bool passing(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
         code == RD_KAFKA_RESP_ERR__RESOLVE || code == RD_KAFKA_RESP_ERR__TIMED_OUT;
}

}  // namespace

std::unique_ptr<Browser> browse(const config::BrokerSection& section, const BrowseOptions& options) {
  return std::make_unique<TopicBrowser>(section, options);
}

TopicBrowser::TopicBrowser(const config::BrokerSection& section, const BrowseOptions& options)
    : section_(section), settings_(static_cast<const Settings&>(*section.settings)), topic_(options.target) {
  settings_.subscriptions.clear();
  settings_.own_names.clear();  // or the client would hide the topic
  settings_.group_id = options.group;
}

Result<> TopicBrowser::open() {
  if (!valid_topic(topic_)) return fail("a topic's name " + std::string(topic_fault(topic_)));
  for (auto step : {&TopicBrowser::connect, &TopicBrowser::find_partitions, &TopicBrowser::find_removed,
                    &TopicBrowser::find_ends, &TopicBrowser::begin})
    if (auto done = (this->*step)(); !done) return done;
  return {};
}

Result<> TopicBrowser::connect() {
  if (settings_.token) {
    auto first = first_token(section_.name, *settings_.token, kPatience);
    if (!first) return fail(first.error());
    settings_.tokens = *first;
  }
  auto made = make_client(RD_KAFKA_CONSUMER, settings_, browse_properties(settings_), ClientLog::silent);
  if (!made) return fail(made.error());
  client_ = std::move(*made);
  if (auto reached = await_reachable(client_.get(), settings_, Clock::now() + kPatience); !reached) return reached;
  rd_kafka_poll_set_consumer(client_.get());
  return {};
}

Result<> TopicBrowser::find_partitions() {
  Topic handle(rd_kafka_topic_new(client_.get(), topic_.c_str(), nullptr));
  auto metadata = ask_metadata(client_.get(), handle.get(), Clock::now() + kPatience);
  if (!metadata) return fail(metadata.error());
  if ((*metadata)->topic_cnt != 1) return fail("the cluster says nothing of it");
  auto& topic = (*metadata)->topics[0];
  if (topic.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
    return fail(
        "there is no such topic: is the name right? A bridge makes its dead letter when it connects for the "
        "first time");
  if (topic.err) return fail(describe(topic.err, {}));
  for (int i = 0; i < topic.partition_cnt; ++i) partitions_.try_emplace(topic.partitions[i].id);
  return {};
}

Result<> TopicBrowser::find_removed() {
  Partitions offsets(rd_kafka_topic_partition_list_new(static_cast<int>(partitions_.size())));
  for (auto& [number, partition] : partitions_)
    rd_kafka_topic_partition_list_add(offsets.get(), topic_.c_str(), number);
  if (auto code = rd_kafka_committed(client_.get(), offsets.get(), kPatienceMs))
    return fail("group " + printable(settings_.group_id) +
                ", in which it is noted what was replayed: " + describe(code, {}));
  for (auto& found : std::span(offsets->elems, static_cast<size_t>(offsets->cnt))) {
    if (found.err)
      return fail("group " + printable(settings_.group_id) +
                  ", in which it is noted what was replayed: " + describe(found.err, {}));
    std::string_view metadata(static_cast<const char*>(found.metadata), found.metadata ? found.metadata_size : 0);
    partitions_[found.partition].removed = RemovedOffsets(found.offset, metadata);
  }
  return {};
}

// A commit beyond the end is of a topic that was deleted and made anew: what stands there was not removed.
Result<> TopicBrowser::find_ends() {
  for (auto& [number, partition] : partitions_) {
    int64_t first = 0, end = 0;
    auto code = rd_kafka_query_watermark_offsets(client_.get(), topic_.c_str(), number, &first, &end, kPatienceMs);
    if (code) return fail("partition " + std::to_string(number) + ": " + describe(code, {}));
    if (partition.removed.committed() > end) partition.removed = RemovedOffsets();
    partition.removed.add(0, first);  // they are not there any more
    partition.next = partition.removed.committed();
    partition.end = end;
  }
  return {};
}

Result<> TopicBrowser::begin() {
  Partitions assignment(rd_kafka_topic_partition_list_new(static_cast<int>(partitions_.size())));
  for (auto& [number, partition] : partitions_)
    if (partition.next < partition.end)
      rd_kafka_topic_partition_list_add(assignment.get(), topic_.c_str(), number)->offset = partition.next;
  auto code = rd_kafka_assign(client_.get(), assignment.get());
  return code ? fail(describe(code, {})) : Result<>();
}

bool TopicBrowser::at_end() const {
  return std::ranges::all_of(partitions_, [](auto& entry) { return entry.second.next >= entry.second.end; });
}

void TopicBrowser::passed(Partition& partition, int64_t offset) {
  if (offset <= partition.next) return;
  partition.removed.add(partition.next, offset);
  partition.next = offset;
}

Result<std::unique_ptr<StoredMessage>> TopicBrowser::next() {
  auto deadline = Clock::now() + kPatience;
  while (!at_end()) {
    auto stored = std::make_unique<Stored>();
    stored->record.reset(rd_kafka_consumer_poll(client_.get(), milliseconds_until(deadline, kPatienceMs)));
    auto* record = stored->record.get();
    if (!record || (passing(record->err) && Clock::now() < deadline)) {
      if (Clock::now() < deadline) continue;
      return fail("the cluster gives out no further record within " + std::to_string(kPatienceMs / 1000) + " s");
    }
    auto at = partitions_.find(record->partition);
    if (record->err == RD_KAFKA_RESP_ERR__PARTITION_EOF && at != partitions_.end())
      passed(at->second, std::min(record->offset, at->second.end));
    else if (record->err)
      return fail(describe(record->err, rd_kafka_message_errstr(record)));
    if (record->err || at == partitions_.end() || record->offset >= at->second.end) {
      if (!record->err && at != partitions_.end()) passed(at->second, at->second.end);
      continue;
    }
    auto& partition = at->second;
    passed(partition, record->offset);
    partition.next = record->offset + 1;
    if (partition.removed.contains(record->offset)) continue;
    auto& m = stored->message;
    m.target = topic_;
    unsigned dropped = 0;
    static_cast<void>(decode_record(*record, m, stored->storage, dropped, {.restore = true, .replies = true}));
    stored->id = std::to_string(record->partition) + "/" + std::to_string(record->offset);
    return stored;
  }
  return nullptr;
}

Result<> TopicBrowser::remove(const StoredMessage& stored) {
  auto& record = *static_cast<const Stored&>(stored).record;
  auto& partition = partitions_[record.partition];
  partition.removed.add(record.offset, record.offset + 1);
  partition.changed = true;
  return {};
}

Result<> TopicBrowser::flush() {
  Partitions offsets(rd_kafka_topic_partition_list_new(static_cast<int>(partitions_.size())));
  for (auto& [number, partition] : partitions_) {
    if (!std::exchange(partition.changed, false)) continue;
    auto* entry = rd_kafka_topic_partition_list_add(offsets.get(), topic_.c_str(), number);
    entry->offset = partition.removed.committed();
    auto metadata = partition.removed.metadata();
    if (metadata.empty()) continue;
    entry->metadata = rd_kafka_mem_malloc(client_.get(), metadata.size());
    entry->metadata_size = metadata.size();
    std::ranges::copy(metadata, static_cast<char*>(entry->metadata));
  }
  if (!offsets->cnt) return {};
  auto code = rd_kafka_commit(client_.get(), offsets.get(), 0);
  if (!code) return {};
  return fail("group " + printable(settings_.group_id) +
              " does not take note of what was replayed, which will be listed again: " + describe(code, {}));
}

Result<> TopicBrowser::may_remove() const {
  auto full = std::ranges::find_if(partitions_, [](auto& entry) { return entry.second.removed.full(); });
  if (full == partitions_.end()) return {};
  return fail("partition " + std::to_string(full->first) +
              " has so many replayed dead letters among those that were passed "
              "over that the group " +
              printable(settings_.group_id) +
              " can note no further ones; first replay the oldest of those "
              "that were passed over");
}

Result<> TopicBrowser::end() {
  auto written = flush();
  client_.reset();
  return written;
}

}  // namespace mombridge::kafka
