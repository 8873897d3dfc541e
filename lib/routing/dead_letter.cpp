#include "routing/dead_letter.hpp"

#include "base/clock.hpp"
#include "base/text.hpp"
#include "message/short_string.hpp"
#include "routing/dead_letter_names.hpp"

namespace mombridge::routing {

namespace {

constexpr size_t kLongestReason = 1024;
constexpr size_t kShortReason = 120;

template <size_t N>
std::string_view big_endian(std::array<char, N>& storage, int64_t value) {
  for (size_t i = 0; i < N; ++i) storage[N - 1 - i] = static_cast<char>(value >> (8 * i));
  return {storage.data(), N};
}

void text(std::vector<Header>& headers, std::string_view name, std::string_view value) {
  headers.push_back({name, Value::of(value)});
}

void raw(std::vector<Header>& headers, std::string_view name, std::string_view value) {
  headers.push_back({name, Value::of_bytes(value)});
}

}  // namespace

bool DeadLetter::leave_out_more(const Message& message) {
  if (form_ == Form::only_body) return false;
  form_ = static_cast<Form>(static_cast<uint8_t>(form_) + 1);
  // Without headers to leave out, these would be what has been tried.
  bool has_headers = !message.headers.empty() || message.key || message.correlation_id || message.content_type ||
                     message.content_encoding || message.type || message.app_id;
  if (!has_headers && without_headers()) form_ = Form::only_body;
  return true;
}

std::string_view DeadLetter::left_out() const {
  switch (form_) {
    case Form::whole:
      return {};
    case Form::short_reason:
      return "the end of the reason";
    case Form::without_reason:
      return "the reason";
    case Form::as_it_came:
      return "all that the bridge adds";
    case Form::without_headers:
      return "the message's headers";
    case Form::only_source:
      return "the message's headers, the reason";
    case Form::only_body:
      return "all but the body";
  }
  return {};
}

void DeadLetter::fill(Publication& publication, Rendered& rendered, const Delivery& delivery,
                      const DeadLetterStory& story, bool as_record) {
  auto& original = delivery.message;
  message_ = original;
  publication.message = &message_;
  bool other_key = publication.key != original.key;
  message_.expiration.reset();  // or RabbitMQ would drop it from the dead letter queue when that time has passed
  if (form_ == Form::as_it_came || form_ == Form::only_body) rendered.headers.clear();
  // Partition and offset say as much.
  if (form_ >= Form::without_reason && message_.made_id) message_.message_id.reset();
  if (without_headers()) reduce(publication, as_record);
  auto& headers = rendered.headers;
  bool reason = form_ == Form::whole || form_ == Form::short_reason || form_ == Form::without_headers;
  if (form_ != Form::as_it_came && form_ != Form::only_body) tell_source(headers, delivery, story);
  // A replay needs to know what the dead letter's own `key:` has replaced, and that the message came without an id.
  if (other_key && form_ < Form::as_it_came)
    headers.push_back({dead::kKey, original.key ? Value::of_untyped(*original.key) : Value()});
  if (message_.made_id && form_ < Form::without_reason) text(headers, dead::kMadeId, "true");
  if (reason) tell_reason(headers, story);
  if (as_record && reason && form_ != Form::short_reason) tell_spring(headers, delivery);
  publication.headers = headers;
}

// The texts that are short stay, as they cost little; on AMQP the key is a header.
void DeadLetter::reduce(Publication& publication, bool as_record) {
  message_.headers = {};
  for (auto* text : {&message_.content_type, &message_.content_encoding, &message_.correlation_id, &message_.reply_to,
                     &message_.message_id, &message_.type, &message_.app_id})
    if (form_ == Form::only_body || (*text && (*text)->size() > kLongestShortString)) text->reset();
  if (!as_record && (form_ == Form::only_body || publication.key.value_or("").size() > kLongestShortString))
    publication.key.reset();
  if (form_ != Form::only_body) return;
  message_.reply_partition.reset();
  message_.priority.reset();
  message_.timestamp.reset();
  message_.record_time_ms.reset();
  message_.redelivered = false;
}

void DeadLetter::tell_source(std::vector<Header>& headers, const Delivery& delivery, const DeadLetterStory& story) {
  text(headers, dead::kBroker, story.broker);
  text(headers, dead::kSource, story.source);
  text(headers, dead::kTarget, delivery.message.target);
  if (delivery.message.expiration) text(headers, dead::kExpiration, *delivery.message.expiration);
  if (delivery.partition >= 0) {
    text(headers, dead::kPartition, partition_ = std::to_string(delivery.partition));
    text(headers, dead::kOffset, offset_ = std::to_string(delivery.offset));
  }
  if (auto what = left_out(); !what.empty()) text(headers, dead::kLeftOut, what);
  if (!without_headers()) return;
  headers_left_out_ = std::to_string(delivery.message.headers.size());
  text(headers, dead::kHeadersLeftOut, headers_left_out_);
}

void DeadLetter::tell_reason(std::vector<Header>& headers, const DeadLetterStory& story) {
  reason_ = printable(story.reason, form_ == Form::short_reason ? kShortReason : kLongestReason);
  attempts_ = std::to_string(story.attempts);
  failed_at_ms_ = std::to_string(unix_ms());
  if (!story.route.empty()) text(headers, dead::kRoute, story.route);
  text(headers, dead::kReason, reason_);
  text(headers, dead::kAttempts, attempts_);
  text(headers, dead::kAtMs, failed_at_ms_);
}

void DeadLetter::tell_spring(std::vector<Header>& headers, const Delivery& delivery) {
  auto& m = delivery.message;
  text(headers, "kafka_dlt-original-topic", m.target);
  if (delivery.partition >= 0) {
    raw(headers, "kafka_dlt-original-partition", big_endian(kafka_partition_, delivery.partition));
    raw(headers, "kafka_dlt-original-offset", big_endian(kafka_offset_, delivery.offset));
  }
  if (auto time = m.record_time_ms ? m.record_time_ms : m.time_ms()) {
    raw(headers, "kafka_dlt-original-timestamp", big_endian(kafka_timestamp_, *time));
    text(headers, "kafka_dlt-original-timestamp-type", "CreateTime");
  }
  text(headers, "kafka_dlt-exception-fqcn", "mombridge");
  text(headers, "kafka_dlt-exception-message", reason_);
}

}  // namespace mombridge::routing
