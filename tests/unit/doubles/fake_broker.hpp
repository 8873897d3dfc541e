#pragma once
// A broker that does as the test says, and remembers what it was given.

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/counters.hpp"
#include "broker/amqp/settings.hpp"
#include "broker/broker.hpp"
#include "broker/kafka/settings.hpp"

namespace mombridge::test {

/// Waits for a condition that other threads bring about.
inline bool eventually(const std::function<bool()>& condition) {
  for (auto end = Clock::now() + 60s; Clock::now() < end; std::this_thread::sleep_for(1ms))
    if (condition()) return true;
  return condition();
}

inline uint64_t count(const std::string& name, const std::string& label = {}) { return counter(name, label).value(); }

/// What a broker was given, copied.
struct Sent {
  std::string exchange, target, body;
  std::optional<std::string> key, correlation_id, reply_to;
  std::string app_id;
  std::map<std::string, std::string> headers;  ///< that were added; values as text or bytes
  int32_t partition = -1;
  bool mandatory = true;
  std::map<std::string, std::string> message_headers;  ///< its own
  bool literal_id = false;
  kafka::RecordTime record_time = kafka::RecordTime::own;
  std::optional<int64_t> record_time_ms;
  std::optional<std::string> expiration{};
  std::map<std::string, Value::Kind> kinds;  ///< of the headers that were added
  std::string author;
  bool options = false;  ///< there were some
};

class FakeBroker : public Broker {
 public:
  using Broker::Broker;
  void start(Sink&) override {}
  void stop_intake() override {}
  void stop(Duration) override {}
  [[nodiscard]] std::vector<LinkStatus> status() const override { return {}; }
  [[nodiscard]] std::vector<const EventLoop*> loops() const override { return {}; }

  /// The next outcomes; after them, and at first, everything is delivered.
  void answer(std::deque<Outcome> outcomes) { answers_ = std::move(outcomes); }
  /// From now on this outcome for all; without one, as at first.
  void always(std::optional<Outcome> outcome) {
    std::lock_guard lock(mutex_);
    always_ = std::move(outcome);
  }
  [[nodiscard]] bool takes_requests() const noexcept override { return connected; }
  std::atomic<bool> connected{true};

  /// From now on nothing is answered before complete().
  void keep() { keeps_ = true; }

  void publish(Publication& p) noexcept override {
    Outcome outcome;
    {
      std::lock_guard lock(mutex_);
      sent_.push_back(copy(p));
      if (keeps_) return kept_.push_back(&p);
      if (always_) outcome = *always_;
      if (!answers_.empty()) {
        outcome = std::move(answers_.front());
        answers_.pop_front();
      }
    }
    p.completed(std::move(outcome));
  }

  /// What a driver asks before it sends the oldest that was kept.
  [[nodiscard]] bool wanted() const {
    std::lock_guard lock(mutex_);
    return kept_.front()->wanted();
  }
  /// Completes the oldest that was kept.
  void complete(Outcome outcome = {}) {
    Publication* p = nullptr;
    {
      std::lock_guard lock(mutex_);
      p = kept_.front();
      kept_.pop_front();
    }
    p->completed(std::move(outcome));
  }

  [[nodiscard]] std::vector<Sent> sent() const {
    std::lock_guard lock(mutex_);
    return sent_;
  }
  [[nodiscard]] size_t sent_count() const {
    std::lock_guard lock(mutex_);
    return sent_.size();
  }

 private:
  static Sent copy(const Publication& p) {
    auto& m = *p.message;
    auto text = [](const Message::Text& t) { return t ? std::optional(std::string(*t)) : std::nullopt; };
    auto* amqp = dynamic_cast<const amqp::PublishOptions*>(p.options);
    auto* kafka = dynamic_cast<const kafka::PublishOptions*>(p.options);
    Sent s{amqp ? amqp->exchange : "",
           std::string(p.target),
           std::string(m.body),
           text(p.key),
           text(m.correlation_id),
           text(m.reply_to),
           std::string(m.app_id.value_or("")),
           {},
           p.partition,
           !amqp || amqp->mandatory,
           {},
           m.id_form == IdForm::literal,
           kafka ? kafka->time : kafka::RecordTime::own,
           m.record_time_ms,
           text(m.expiration),
           {},
           amqp ? amqp->author : "",
           p.options != nullptr};
    auto copy_to = [](auto& headers, std::span<const Header> from) {
      for (auto& h : from)
        headers[std::string(h.name)] =
            h.value.is_text() ? std::string(h.value.text) : scalar_text(h.value).value_or("");
    };
    copy_to(s.headers, p.headers);
    for (auto& h : p.headers) s.kinds[std::string(h.name)] = h.value.kind;
    copy_to(s.message_headers, m.headers);
    return s;
  }

  mutable std::mutex mutex_;
  std::vector<Sent> sent_;
  std::deque<Outcome> answers_;
  std::optional<Outcome> always_;
  std::deque<Publication*> kept_;
  std::atomic<bool> keeps_{false};
};

}  // namespace mombridge::test
