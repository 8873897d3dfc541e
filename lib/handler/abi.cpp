#include "handler/abi.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <exception>
#include <new>

#include "base/clock.hpp"
#include "message/bridge_owned.hpp"
#include "message/type_note.hpp"

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

/// The slices of a message, but those of its headers.
template <class Message>
auto fields_of(Message& m) {
  return std::array{&m.target,         &m.body,     &m.key,        &m.content_type, &m.content_encoding,
                    &m.correlation_id, &m.reply_to, &m.message_id, &m.type,         &m.source};
}

size_t total(const mombridge_message& m) {
  size_t sum = kLongestNumber;
  for (auto* field : fields_of(m)) sum += field->size;
  for (size_t i = 0; i < m.header_count; ++i) sum += m.headers[i].name.size + m.headers[i].value.size;
  return sum;
}

/// What a plugin says in headers. It knows the names of bridges only from messages that it copies, and anybody can have
/// written those: what is not allowed to come from outside is not allowed to come from a plugin either.
class HeadersOfPlugin {
 public:
  HeadersOfPlugin(OwnedMessage& to, unsigned& dropped) : to_(to), dropped_(dropped) {}

  void take(std::span<const mombridge_header> headers) {
    std::string_view note;
    for (auto& h : headers)
      if (view(h.name) == header::kTypes) note = view(h.value);
    TypeNote types(note, headers.size(), to_.arena);
    for (auto& h : headers) {
      auto name = view(h.name);
      auto owner = owner_of(name);
      if (owner == NameOwner::sender)
        to_.headers.push_back({to_.keep(name), value(h, types)});
      else
        dropped_ += owner != NameOwner::bridge || !of_bridge(h);
    }
  }

 private:
  Value value(const mombridge_header& h, TypeNote& types) {
    if (h.value.data) return types.value(view(h.name), to_.keep(view(h.value)));
    types.take(view(h.name));
    return {};
  }

  /// Returns false if the header means nothing here, because a field of the message says it.
  bool of_bridge(const mombridge_header& h) {
    auto& m = to_.message;
    auto name = view(h.name);
    if (name == header::kTypes) return true;
    if (name == header::kTombstone) {
      m.tombstone = m.body.empty();
      return true;
    }
    if (!h.value.data || !goes_on(name, Value::of(view(h.value)), false)) return false;
    to_.headers.push_back({to_.keep(name), Value::of(to_.keep(view(h.value)))});
    return true;
  }

  OwnedMessage& to_;
  unsigned& dropped_;
};

}  // namespace

AbiMessage::AbiMessage(const Call& call) {
  auto& m = *call.message;
  headers_.reserve(m.headers.size() + m.local.size() + 2);
  if (m.tombstone) headers_.push_back({handler::slice(header::kTombstone), handler::slice(std::string_view("true"))});
  TypeNoteWriter types(true);
  for (auto& list : {m.headers, m.local})
    for (auto& h : list) types.expect(h);
  types.ready();
  for (auto& list : {m.headers, m.local})
    for (auto& h : list) headers_.push_back({handler::slice(h.name), value(h, types)});
  if (!types.note().empty())
    headers_.push_back({handler::slice(header::kTypes), handler::slice(keep(std::string(types.note())))});
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
              .timestamp_ms = m.time_ms().value_or(0),
              .deadline_ms = deadline(m),
              .attempt = call.attempt,
              .flags = m.redelivered ? MOMBRIDGE_MESSAGE_REDELIVERED : 0};
}

mombridge_slice AbiMessage::value(const Header& h, TypeNoteWriter& types) {
  if (!types.noted(h.name)) return slice(Message::Text(h.value.text));
  std::string text;
  types.write(h, text);
  if (h.value.kind == Value::Kind::null) return {nullptr, 0};
  return handler::slice(keep(std::move(text)));
}

bool AbiMessage::own() noexcept {
  auto size = total(message_);
  owned_.reset(new (std::nothrow) char[size]);
  if (!owned_) return false;
  char* to = owned_.get();
  auto move = [&to](mombridge_slice& slice) {
    if (!slice.data) return;  // one that is absent stays so
    if (slice.size) std::memcpy(to, slice.data, slice.size);
    slice.data = to;
    to += slice.size;
  };
  for (auto* field : fields_of(message_)) move(*field);
  for (auto& header : headers_) {
    move(header.name);
    move(header.value);
  }
  return true;
}

std::string_view AbiMessage::keep(std::string text) {
  return *texts_.emplace_back(std::make_unique<std::string>(std::move(text)));
}

Result<> check_contract(const mombridge_message* message) {
  if (!message) return fail("the message is null");
  auto& m = *message;
  if (m.struct_size < MOMBRIDGE_MESSAGE_SIZE_1_0) return fail("the message's struct_size is too small");
  if (m.header_count && !m.headers) return fail("the message announces headers and has none");
  auto missing = [](mombridge_slice s) { return !s.data && s.size; };
  bool broken = false;
  for (auto* field : fields_of(m)) broken = broken || missing(*field);
  for (size_t i = 0; i < m.header_count; ++i)
    broken = broken || missing(m.headers[i].name) || missing(m.headers[i].value);
  return broken ? fail("a field of the message has a size and no data") : Result<>();
}

Result<std::unique_ptr<OwnedMessage>> copy(const mombridge_message* message, unsigned& dropped) try {
  if (auto kept = check_contract(message); !kept) return fail(kept.error());
  auto& from = *message;
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
  if (from.timestamp_ms > 0) m.timestamp = static_cast<uint64_t>(from.timestamp_ms / 1000);
  // Past already: the least that can be said.
  if (from.deadline_ms > 0) m.expiration = to->keep(std::to_string(std::max<int64_t>(from.deadline_ms - unix_ms(), 1)));
  HeadersOfPlugin(*to, dropped).take({from.headers, from.header_count});
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
