#include <algorithm>
#include <utility>

#include "base/failpoint.hpp"
#include "broker/kafka/consumer.hpp"

namespace mombridge::kafka {

namespace {
constexpr int kRecordsPerTurn = 256;  ///< then it is the next partition's
}  // namespace

void KafkaDelivery::settle(Settlement s) noexcept {
  settlement = s;
  owner_.settled(*this);
}

void Consumer::settled(KafkaDelivery& delivery) noexcept {
  if (inbox_.push(&delivery)) loop_.wake();
}

bool Consumer::full(const Assigned& p) const {
  return p.in_flight >= settings_.prefetch_count || bytes_[p.subscription] >= settings_.prefetch_size;
}

// What an earlier assignment still has in flight is memory too: one lot of it at most, or a group that is never at rest
// would make ever more while a destination is away.
bool Consumer::crowded() const {
  size_t messages = 0;
  for (auto& p : former_) messages += p->in_flight;
  return messages > settings_.prefetch_count;
}

bool Consumer::poll_partitions() {
  if (crowded()) return false;
  bool more = false;
  for (auto& [key, partition] : assignment_) more |= poll_partition(*partition);
  return more;
}

// A partition whose window is full is not polled: its queue fills, and the client stops fetching. Whoever makes room
// comes through serve(), so that nobody waits for a signal that was given already.
bool Consumer::poll_partition(Assigned& p) {
  for (int i = 0; i < kRecordsPerTurn; ++i) {
    if (!sink_ || p.revoking || full(p)) return false;
    auto fetched = fetch(p);
    if (!fetched.event) return false;
    dispatch(p, std::move(fetched));
  }
  return true;
}

Fetched Consumer::fetch(Assigned& p) {
  if (!p.early.empty()) {
    auto fetched = std::move(p.early.front());
    p.early.pop_front();
    return fetched;
  }
  Event event(rd_kafka_queue_poll(p.queue.get(), 0));
  bool record = event && rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_FETCH;
  auto* message = record ? rd_kafka_event_message_next(event.get()) : nullptr;  // before the event is moved
  Fetched fetched{std::move(event), message};
  if (!fetched.event || belongs(p, fetched)) return fetched;
  strays_.push_back(std::move(fetched));
  return {};
}

// A queue that is forwarded gives out what is in the queue that it is forwarded to.
bool Consumer::belongs(Assigned& p, const Fetched& fetched) {
  if (auto* record = fetched.record) {
    if (record->partition != p.number) return false;
    if (record->rkt == p.handle) return true;
    if (p.topic != rd_kafka_topic_name(record->rkt)) return false;
    p.handle = record->rkt;
    return true;
  }
  if (rd_kafka_event_type(fetched.event.get()) != RD_KAFKA_EVENT_ERROR) return false;
  TopicPartition from(rd_kafka_event_topic_partition(fetched.event.get()));
  return from && from->partition == p.number && p.topic == from->topic;
}

void Consumer::dispatch(Assigned& p, Fetched fetched) {
  if (rd_kafka_event_type(fetched.event.get()) == RD_KAFKA_EVENT_ERROR) {
    bool end = rd_kafka_event_error(fetched.event.get()) == RD_KAFKA_RESP_ERR__PARTITION_EOF;
    return end ? partition_end(p, fetched.event.get()) : partition_error(p, fetched.event.get());
  }
  auto* record = fetched.record;
  if (record) fetch_ahead_->taken(record->len);
  if (!record || record->offset <= p.tracker.last()) return;
  if (!reachable_) reachable();
  if (!p.error.empty()) works_again(p);
  auto& d = new_delivery();
  d.event = std::move(fetched.event);
  d.from = &p;
  d.number = p.tracker.delivered(record->offset);
  d.tries = 0;
  d.subscription = indices_[p.subscription];
  d.partition = p.number;
  d.offset = record->offset;
  fill(d, *record);
  ++p.in_flight;
  bytes_[p.subscription] += d.size;
  if (failpoint("early_ack")) p.tracker.done(d.number);
  hand_out(d);
}

void Consumer::fill(KafkaDelivery& d, const rd_kafka_message_t& record) {
  auto& m = d.message;
  m = {};
  m.target = d.from->topic;
  unsigned dropped = 0;
  auto& subscription = settings_.subscriptions[d.from->subscription];
  auto decoded = decode_record(record, m, d.storage, dropped, {subscription.restore, subscription.replies});
  d.size = decoded.size + d.storage.footprint();
  if (decoded.copied) d.event.reset();
  if (dropped) {
    counter("headers_dropped").add(dropped);
    dropped_log_.event(log::Level::warn, "headers dropped: they belong to a broker or to bridges, or are of no use",
                       {{"broker", broker_}, {"target", m.target}, {"headers", dropped}});
  }
  m.made_id = !m.message_id;
  if (m.made_id) m.message_id = make_id(d.storage.id, d.from->id_prefix, d.offset);
  if (auto& from = subscription.target_from; !from.empty())
    if (auto* value = m.find(from); value && value->is_text()) m.target = value->text;
}

void Consumer::partition_error(Assigned& p, rd_kafka_event_t* event) {
  auto code = rd_kafka_event_error(event);
  auto where = p.topic + " partition " + std::to_string(p.number);
  auto text = describe(code, rd_kafka_event_error_string(event));
  if (code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)
    text = "the broker no longer has the offset where " + where +
           " would go on; it waits for a decision: on_offset_lost: earliest or latest, or set the group's offset (" +
           text + ")";
  else
    text = where + ": " + text;
  if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) text += "; allow the operation Read on topic " + p.topic;
  // Told again at every fetch while it lasts.
  if (p.error == text) return;
  log::error("partition fails", {{"broker", broker_}, {"topic", p.topic}, {"partition", p.number}, {"reason", text}});
  p.error = text;
  show_partitions();
}

// The event lies behind the last record, so that all that will ever come below its offset has come.
void Consumer::partition_end(Assigned& p, rd_kafka_event_t* event) {
  TopicPartition end(rd_kafka_event_topic_partition(event));
  if (!end || end->offset < 0) return;
  p.tracker.passed(end->offset);
  p.transaction.at_end(end->offset);
  if (!p.error.empty()) works_again(p);
}

void Consumer::works_again(Assigned& p) {
  p.error.clear();
  log::info("partition works again", {{"broker", broker_}, {"topic", p.topic}, {"partition", p.number}});
  show_partitions();
}

void Consumer::hand_out(KafkaDelivery& d) {
  if (!d.from->current) return release(d);
  // Without a sink it stays unsettled, and comes again to whoever has the partition next.
  if (!sink_ || d.from->revoking) return;
  ++d.from->held;
  sink_->receive(DeliveryHandle(&d));
}

void Consumer::take_settled() {
  for (auto* item : inbox_.take()) {
    auto& d = *item;
    --d.from->held;
    if (!d.from->current) {
      release(d);
    } else if (d.settlement == Settlement::requeue) {
      retry(d);
    } else {
      if (d.settlement == Settlement::reject) rejected_.add();
      if (!failpoint("early_ack")) d.from->tracker.done(d.number);
      release(d);
    }
  }
}

void Consumer::retry(KafkaDelivery& d) {
  loop_.after(retry_backoff_.at(++d.tries), [this, &d] {
    d.message.redelivered = true;
    hand_out(d);
  });
}

void Consumer::release(KafkaDelivery& d) {
  auto& p = *std::exchange(d.from, nullptr);
  --p.in_flight;
  bytes_[p.subscription] -= d.size;
  d.event.reset();
  d.storage.clear();
  free_.push_back(&d);
  if (p.current || p.in_flight) return;
  std::erase_if(former_, [&](auto& former) { return former.get() == &p; });
  if (former_.empty()) old_clients_.clear();
}

void Consumer::store_offsets() {
  for (auto& [key, partition] : assignment_) store_offset(*partition);
}

void Consumer::store_offset(Assigned& p) {
  auto offset = p.tracker.take_watermark();
  if (!offset) return;
  p.position->elems[0].offset = *offset;
  auto code = rd_kafka_offsets_store(client_.get(), p.position.get());
  if (!code) code = p.position->elems[0].err;
  if (code)
    error_log_.event(
        log::Level::warn, "offset not stored",
        {{"broker", broker_}, {"topic", p.topic}, {"partition", p.number}, {"reason", describe(code, {})}});
}

KafkaDelivery& Consumer::new_delivery() {
  if (free_.empty()) return deliveries_.emplace_back(*this);
  auto& d = *free_.back();
  free_.pop_back();
  return d;
}

}  // namespace mombridge::kafka
