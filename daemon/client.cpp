#include "daemon/client.hpp"

#include <algorithm>
#include <random>

#include "base/text.hpp"

namespace mombridge {

namespace {

std::string random_id() {
  std::random_device random;
  std::string id;
  for (int i = 0; i < 32; ++i) id += kHexDigits[random() % kHexDigits.size()];
  return id;
}

using Lines = std::vector<std::pair<std::string, std::string>>;

// Properties under AMQP's names, which say more to people than Kafka's.
Lines lines_of(const Message& m) {
  Lines lines;
  auto add = [&](const char* name, const Message::Text& value) {
    if (value) lines.emplace_back(name, printable(*value));
  };
  add("content_type", m.content_type);
  add("content_encoding", m.content_encoding);
  add("correlation_id", m.correlation_id);
  add("message_id", m.message_id);
  add("type", m.type);
  add("app_id", m.app_id);
  add("expiration", m.expiration);
  add("key", m.key);
  if (m.timestamp) lines.emplace_back("timestamp", std::to_string(*m.timestamp));
  if (m.priority) lines.emplace_back("priority", std::to_string(*m.priority));
  for (auto& header : m.headers) {
    auto text = scalar_text(header.value);
    lines.emplace_back(printable(header.name), text ? printable(*text) : "(an array, a table or nothing)");
  }
  return lines;
}

}  // namespace

OneShot::OneShot(const config::BrokerSection& section, const std::string& reply_to,
                 const std::optional<std::string>& exchange)
    : id_(random_id()), client_(section, {reply_to, id_, exchange}, *this) {
  if (!reply_to.empty()) reply_to_ = client_.settings().reply_address;
}

void OneShot::fill(const Options& command, Duration patience) {
  message_.target = command.target;
  message_.body = *command.body;
  message_.app_id = client_.settings().appname;
  message_.record_time_ms = unix_ms();
  if (!command.content_type.empty()) message_.content_type = command.content_type;
  if (!command.key.empty()) message_.key = command.key;
  for (auto& [name, value] : command.headers) headers_.push_back({name, Value::of(value)});
  message_.headers = headers_;
  if (!reply_to_.empty()) {
    message_.reply_to = reply_to_;
    message_.correlation_id = id_;
    expiration_ = std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(patience).count());
    message_.expiration = expiration_;
  }
  Publication::message = &message_;
  Publication::target = command.target;
  Publication::key = message_.key;
}

Result<> OneShot::wait_sent(TimePoint end) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_until(lock, end, [&] { return outcome_.has_value(); }))
    return fail("the broker has not confirmed in time");
  return outcome_->kind == Outcome::Kind::delivered ? Result<>{} : fail(outcome_->reason);
}

Result<> OneShot::publish(const Options& command, Duration patience) {
  if (auto ok = client_.connect(patience); !ok) return ok;
  fill(command, patience);
  client_.broker().publish(*this);
  return wait_sent(Clock::now() + patience);
}

Result<std::optional<Answer>> OneShot::request(const Options& command, Duration patience) {
  // Joining a consumer group takes seconds: that is not the responder's time.
  if (auto ok = client_.connect(std::max<Duration>(patience, std::chrono::seconds(30))); !ok) return fail(ok.error());
  fill(command, patience);
  auto begin = Clock::now();
  client_.broker().publish(*this);
  if (auto ok = wait_sent(begin + patience); !ok) return fail(ok.error());
  std::unique_lock lock(mutex_);
  if (!changed_.wait_until(lock, begin + patience, [&] { return answer_.has_value(); })) return std::nullopt;
  answer_->round_trip -= begin.time_since_epoch();
  return answer_;
}

void OneShot::completed(Outcome outcome) noexcept {
  std::lock_guard lock(mutex_);
  outcome_ = std::move(outcome);
  changed_.notify_all();
}

void OneShot::receive(DeliveryHandle delivery) noexcept {
  auto& m = delivery->message;
  if (m.correlation_id == id_) {
    auto* error = m.find(header::kError);
    std::lock_guard lock(mutex_);
    answer_ = Answer{std::string(m.body), error ? std::string(error->text) : "", lines_of(m),
                     Clock::now().time_since_epoch()};
    changed_.notify_all();
  }
  settle(std::move(delivery), Settlement::accept);
}

}  // namespace mombridge
