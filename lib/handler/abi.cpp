#include "handler/abi.hpp"

#include <algorithm>
#include <charconv>
#include <exception>

#include "base/clock.hpp"

namespace mombridge::handler {

namespace {

mombridge_slice slice(const Message::Text& text) {
  if (!text) return {nullptr, 0};
  // An empty text is present: its data must not be null.
  return {text->data() ? text->data() : "", text->size()};
}

Message::Text text(mombridge_slice s, OwnedMessage& owner) {
  if (!s.data) return std::nullopt;
  return owner.keep(view(s));
}

int64_t deadline(const Message& m) {
  int64_t ms = 0;
  if (m.expiration) std::from_chars(m.expiration->data(), m.expiration->data() + m.expiration->size(), ms);
  return ms > 0 ? unix_ms() + ms : 0;
}

/// Room for a deadline as text.
constexpr size_t kLongestNumber = 20;

size_t total(const mombridge_message& m) {
  size_t sum = kLongestNumber + m.target.size + m.body.size + m.key.size + m.content_type.size +
               m.content_encoding.size + m.correlation_id.size + m.reply_to.size + m.message_id.size + m.type.size;
  for (size_t i = 0; i < m.header_count; ++i) sum += m.headers[i].name.size + m.headers[i].value.size;
  return sum;
}

}  // namespace

AbiMessage::AbiMessage(const Call& call) {
  auto& m = *call.message;
  headers_.reserve(m.headers.size() + 1);
  if (m.tombstone) headers_.push_back({handler::slice(header::kTombstone), handler::slice(std::string_view("true"))});
  for (auto& h : m.headers) {
    if (h.value.is_text()) {
      headers_.push_back({handler::slice(h.name), slice(Message::Text(h.value.text))});
    } else if (auto written = scalar_text(h.value)) {
      texts_.push_back(std::make_unique<std::string>(std::move(*written)));
      headers_.push_back({handler::slice(h.name), handler::slice(*texts_.back())});
    } else {
      headers_.push_back({handler::slice(h.name), {nullptr, 0}});
    }
  }
  message_ = {.struct_size = sizeof message_,
              .target = handler::slice(m.target),
              .body = handler::slice(m.body),
              .key = slice(m.key),
              .content_type = slice(m.content_type),
              .content_encoding = slice(m.content_encoding),
              .correlation_id = slice(m.correlation_id),
              .reply_to = slice(m.reply_to),
              .message_id = slice(m.message_id),
              .type = slice(m.type),
              .source = handler::slice(call.broker),
              .headers = headers_.data(),
              .header_count = headers_.size(),
              .timestamp_ms = m.timestamp_ms.value_or(0),
              .deadline_ms = deadline(m),
              .attempt = call.attempt,
              .flags = m.redelivered ? MOMBRIDGE_MESSAGE_REDELIVERED : 0};
}

Result<std::unique_ptr<OwnedMessage>> copy(const mombridge_message* message) try {
  if (!message) return fail("the message is null");
  auto& from = *message;
  if (from.struct_size < MOMBRIDGE_MESSAGE_SIZE_1_0) return fail("the message's struct_size is too small");
  if (from.header_count && !from.headers) return fail("the message announces headers and has none");
  auto to = std::make_unique<OwnedMessage>();
  to->reserve(total(from));
  auto& m = to->message;
  m.target = to->keep(view(from.target));
  m.body = to->keep(view(from.body));
  m.key = text(from.key, *to);
  m.content_type = text(from.content_type, *to);
  m.content_encoding = text(from.content_encoding, *to);
  m.correlation_id = text(from.correlation_id, *to);
  m.reply_to = text(from.reply_to, *to);
  m.message_id = text(from.message_id, *to);
  m.type = text(from.type, *to);
  if (from.timestamp_ms) m.timestamp_ms = from.timestamp_ms;
  // Past already: the least that can be said.
  if (from.deadline_ms > 0) m.expiration = to->keep(std::to_string(std::max<int64_t>(from.deadline_ms - unix_ms(), 1)));
  for (size_t i = 0; i < from.header_count; ++i) {
    auto name = to->keep(view(from.headers[i].name));
    auto value = from.headers[i].value;
    if (name == header::kTombstone) {
      m.tombstone = m.body.empty();
      continue;
    }
    to->headers.push_back({name, value.data ? Value::of(to->keep(view(value))) : Value{}});
  }
  m.headers = to->headers;
  return to;
} catch (const std::exception&) {
  return fail("there is no memory for a message of that size");
}

std::string_view to_string(mombridge_status status) {
  switch (status) {
    case MOMBRIDGE_OK:
      return "ok";
    case MOMBRIDGE_RETRY:
      return "retry";
    case MOMBRIDGE_REJECT:
      return "reject";
    case MOMBRIDGE_INVALID:
      return "invalid";
    case MOMBRIDGE_NOT_FOUND:
      return "not found";
    case MOMBRIDGE_BUSY:
      return "busy";
    case MOMBRIDGE_CLOSED:
      return "closed";
    case MOMBRIDGE_INTERNAL:
      return "internal error";
    default:
      return "an undefined status";
  }
}

}  // namespace mombridge::handler
