#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "broker/kafka/producer.hpp"
#include "broker/kafka/record.hpp"
#include "broker/kafka/topic_name.hpp"

namespace mombridge::kafka {

namespace {

constexpr size_t kTopicsKept = 1000;

/// Of a batch, for what it is in whole or for one record in it: the others may be without fault.
bool of_batch(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT:
      return true;
    default:
      return false;
  }
}

/// What the same message would meet again.
bool permanent(rd_kafka_resp_err_t code) {
  return of_batch(code) || code == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION ||
         code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
         code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED || code == RD_KAFKA_RESP_ERR__INVALID_ARG;
}

bool unknown(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC || code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
         code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}

bool stamped(const Publication& p) { return p.message->timestamp_ms.value_or(0) > 0; }

Outcome outcome_of(const Publication& p, rd_kafka_resp_err_t code) {
  auto why = "topic " + printable(p.target, kMaxTopic) + ": " + describe(code, {});
  if (!permanent(code)) return Outcome::away(why);
  // Kafka 4 takes nothing that is stamped more than an hour ahead. Where the message has no time of its own, the client
  // stamped it by the clock of this machine, and that is no fault of the message's.
  if (code == RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP && !stamped(p))
    return Outcome::away(why + ": is this machine's clock wrong?");
  if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
    why += ": a body of " + std::to_string(p.message->body.size()) +
           " bytes with its key and headers (the limits are message.max.bytes under librdkafka:, and the topic's "
           "max.message.bytes)";
  return Outcome::refused(why);
}

}  // namespace

void Producer::publish(Publication& p) noexcept {
  if (waiting_.load(std::memory_order_acquire) || !direct_.enter()) return queue(p);
  auto sent = produce(p);
  direct_.leave();
  if (sent == Sent::full) return queue(p);
  if (sent == Sent::unknown && suspected_.push(&p)) loop_.wake();
}

// Whoever has something in the backlog finds it not empty until that has been produced: so the order of one caller is
// kept.
void Producer::queue(Publication& p) noexcept {
  {
    std::lock_guard lock(mutex_);
    if (!closed_) {
      backlog_.push_back(&p);
      waiting_.fetch_add(1, std::memory_order_release);
      if (backlog_.size() == 1) loop_.wake();
      return;
    }
  }
  p.completed(Outcome::away("the bridge is stopping"));
}

void Producer::drain() {
  if (lot_ && !accused_ && !under_way()) widen();
  while (waiting_.load(std::memory_order_relaxed)) {
    if (lot_ && under_way() >= lot_) return;
    Publication* p;
    {
      std::lock_guard lock(mutex_);
      if (backlog_.empty()) return;
      p = backlog_.front();
      backlog_.pop_front();
    }
    if (!p->wanted()) {
      p->completed(Outcome::away("its source has taken it back"));
    } else {
      auto sent = produce(*p);
      if (sent == Sent::full) {
        std::lock_guard lock(mutex_);
        backlog_.push_front(p);
        return;
      }
      if (sent == Sent::unknown) suspect(*p);
    }
    if (accused_) --accused_;
    waiting_.fetch_sub(1, std::memory_order_release);
  }
}

// On Sent::taken or refused the publication may be gone.
Producer::Sent Producer::produce(Publication& p) {
  if (!valid_topic(p.target)) {
    p.completed(Outcome::refused("'" + printable(p.target, kMaxTopic) + "' is not the name of a topic"));
    return Sent::refused;
  }
  std::shared_ptr<rd_kafka_topic_t> topic_handle;
  Slot* slot;
  {
    std::lock_guard lock(mutex_);
    topic_handle = topic(p.target);
    slot = &new_slot(p);
  }
  auto& m = *p.message;
  unsigned dropped = 0;
  auto headers = encode_headers(p, dropped);
  if (dropped) dropped_.add(dropped);
  // A null pointer is a null value, or no key.
  const char* body = m.tombstone && m.body.empty() ? nullptr : m.body.data() ? m.body.data() : "";
  const char* key = !p.key ? nullptr : p.key->data() ? p.key->data() : "";
  size_t key_size = p.key ? p.key->size() : 0;
  int64_t timestamp = stamped(p) ? *m.timestamp_ms : 0;
  auto code = rd_kafka_producev(
      client_.get(), RD_KAFKA_V_RKT(topic_handle.get()), RD_KAFKA_V_PARTITION(p.partition),
      RD_KAFKA_V_MSGFLAGS(0),  // the body is not copied: the publication keeps it until it is completed
      RD_KAFKA_V_VALUE(const_cast<char*>(body), m.body.size()), RD_KAFKA_V_KEY(key, key_size),
      RD_KAFKA_V_TIMESTAMP(timestamp), RD_KAFKA_V_OPAQUE(slot), RD_KAFKA_V_HEADERS(headers.get()), RD_KAFKA_V_END);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    (void)headers.release();
    return Sent::taken;
  }
  {
    std::lock_guard lock(mutex_);
    slot->publication = nullptr;
    free_.push_back(slot);
  }
  return not_taken(p, code);
}

Producer::Sent Producer::not_taken(Publication& p, rd_kafka_resp_err_t code) {
  // What the client remembers of the topic; it may have been mended since.
  bool remembered = code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED || code == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION;
  if (unknown(code) || remembered) return Sent::unknown;
  if (!permanent(code)) return Sent::full;
  p.completed(outcome_of(p, code));
  return Sent::refused;
}

// Handles are shared: they may go while somebody produces with one.
std::shared_ptr<rd_kafka_topic_t> Producer::topic(std::string_view name) {
  if (auto found = topics_.find(name); found != topics_.end()) return found->second;
  if (topics_.size() >= kTopicsKept) topics_.clear();
  std::string text(name);
  auto* handle = rd_kafka_topic_new(client_.get(), text.c_str(), nullptr);
  return topics_[std::move(text)] = std::shared_ptr<rd_kafka_topic_t>(handle, rd_kafka_topic_destroy);
}

Producer::Slot& Producer::new_slot(Publication& p) {
  auto& slot = free_.empty() ? slots_.emplace_back() : *free_.back();
  if (!free_.empty()) free_.pop_back();
  slot = {.publication = &p, .number = next_number_++, .alone = lot_ == 1};
  return slot;
}

// One event reports on many.
void Producer::reports(rd_kafka_event_t* event) {
  while (auto* record = rd_kafka_event_message_next(event)) {
    auto& slot = *static_cast<Slot*>(record->_private);
    auto code = record->err;
    if (code) {
      failed(slot, code);
    } else {
      if (!reachable_ && !ending_) reachable();
      if (lot_) ++lot_;
      std::exchange(slot.publication, nullptr)->completed({});
    }
    done_.push_back(&slot);
  }
  {
    std::lock_guard lock(mutex_);
    free_.insert(free_.end(), done_.begin(), done_.end());
  }
  done_.clear();
  if (!again_.empty() && !client_failed()) narrow();
}

void Producer::failed(Slot& slot, rd_kafka_resp_err_t code) {
  auto& p = *std::exchange(slot.publication, nullptr);
  if (client_failed()) return void(again_.emplace_back(slot.number, &p));
  if (unknown(code)) return suspect(p);
  auto outcome = outcome_of(p, code);
  if (outcome.kind == Outcome::Kind::refused && of_batch(code) && !slot.alone)
    return void(again_.emplace_back(slot.number, &p));
  p.completed(std::move(outcome));
}

// What it fails now is no fault of the messages': they go to the next one.
bool Producer::client_failed() const {
  return ending_ || rd_kafka_fatal_error(client_.get(), nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace mombridge::kafka
