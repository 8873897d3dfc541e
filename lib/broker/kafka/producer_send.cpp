#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "broker/kafka/produce.hpp"
#include "broker/kafka/producer.hpp"
#include "broker/kafka/topic_name.hpp"

namespace mombridge::kafka {

namespace {

constexpr size_t kTopicsKept = 1000;
constexpr size_t kShownName = 64;  ///< of what is no topic's name, so that the reason is not lost behind it

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
  if (bisect_.over() && !under_way()) widen();
  while (waiting_.load(std::memory_order_relaxed)) {
    if (bisect_.full(under_way())) return;
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
      if (sent == Sent::unknown) unknown_.add(*p);
    }
    bisect_.taken();
    waiting_.fetch_sub(1, std::memory_order_release);
  }
}

// On Sent::taken or refused the publication may be gone.
Producer::Sent Producer::produce(Publication& p) {
  if (auto fault = topic_fault(p.target); !fault.empty())
    return refuse(p,
                  "'" + printable(p.target, kShownName) + "' is not the name of a topic, which " + std::string(fault));
  auto time = record_time(p);
  if (!time) return refuse(p, time.error().text);
  std::shared_ptr<rd_kafka_topic_t> topic_handle;
  Slot* slot;
  {
    std::lock_guard lock(mutex_);
    topic_handle = topic(p.target);
    slot = &new_slot(p);
  }
  unsigned dropped = 0;
  auto code = kafka::produce(client_.get(), topic_handle.get(), p, *time, slot, dropped);
  if (dropped) dropped_.add(dropped);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return Sent::taken;
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
  if (is_unknown(code) || remembered) return Sent::unknown;
  if (!is_permanent(code)) return Sent::full;
  p.completed(outcome_of(p, code, Judge::client, limits_));
  return Sent::refused;
}

Producer::Sent Producer::refuse(Publication& p, std::string why) {
  p.completed(Outcome::refused(std::move(why), Outcome::Cause::message));
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
  slot = {.publication = &p,
          .number = next_number_++,
          .alone = bisect_.alone() || p.message->body.size() > limits_.batch_size};
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
      bisect_.delivered();
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
  if (is_unknown(code)) return unknown_.add(p);
  auto outcome = outcome_of(p, code, Judge::broker, limits_);
  if (outcome.kind == Outcome::Kind::refused && is_of_batch(code) && !slot.alone)
    return void(again_.emplace_back(slot.number, &p));
  if (is_too_large(code) && limits_.compression != "zstd") return compressed_.send(p);
  p.completed(std::move(outcome));
}

// What it fails now is no fault of the messages': they go to the next one.
bool Producer::client_failed() const {
  return ending_ || rd_kafka_fatal_error(client_.get(), nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR;
}

void Producer::narrow() {
  bisect_.narrow(again_.size(), again_.front().second->target);
  // Whoever is inside could still add to a batch.
  direct_.close();
  take_again();
}

void Producer::widen() {
  bisect_.widen();
  std::lock_guard lock(mutex_);
  if (!closed_) direct_.open();
}

}  // namespace mombridge::kafka
