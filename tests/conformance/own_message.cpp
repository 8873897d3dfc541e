#include "own_message.hpp"

#include <bit>
#include <ostream>

#include "base/text.hpp"

namespace mombridge::conformance {

namespace {

OwnValue copy_of(const Value& value) {
  OwnValue own{value.kind, value.scale, value.integer, value.real, std::string(value.text), {}};
  for (auto& member : value.members) own.members.push_back({std::string(member.name), copy_of(member.value)});
  return own;
}

std::optional<std::string> copy_of(const Message::Text& text) {
  return text ? std::optional(std::string(*text)) : std::nullopt;
}

void print(const OwnValue& value, std::ostream& out) {
  constexpr const char* kNames[] = {"null",    "boolean",   "i8",     "u8",    "i16",   "u16",
                                    "i32",     "u32",       "i64",    "u64",   "f32",   "f64",
                                    "decimal", "timestamp", "string", "bytes", "array", "table"};
  out << kNames[static_cast<int>(value.kind)];
  if (value.kind == Value::Kind::array || value.kind == Value::Kind::table) {
    out << " {";
    for (auto& member : value.members) PrintTo(member, &out), out << ", ";
    out << "}";
  } else if (value.kind == Value::Kind::string || value.kind == Value::Kind::bytes) {
    out << ' ' << json_string(printable(value.text, 200));
  } else {
    out << ' ' << value.integer << '/' << int{value.scale} << ' ' << value.real;
  }
}

}  // namespace

OwnValue OwnValue::string(std::string text) {
  return {.kind = Value::Kind::string, .text = std::move(text), .members = {}};
}
OwnValue OwnValue::bytes(std::string text) {
  return {.kind = Value::Kind::bytes, .text = std::move(text), .members = {}};
}
OwnValue OwnValue::number(Value::Kind kind, int64_t integer) {
  return {.kind = kind, .integer = integer, .text = {}, .members = {}};
}
OwnValue OwnValue::of(Value::Kind kind, std::vector<OwnHeader> members) {
  return {.kind = kind, .text = {}, .members = std::move(members)};
}

// Bit by bit, so that -0.0 is not 0.0 and a NaN is itself.
bool OwnValue::operator==(const OwnValue& other) const {
  return kind == other.kind && scale == other.scale && integer == other.integer &&
         std::bit_cast<uint64_t>(real) == std::bit_cast<uint64_t>(other.real) && text == other.text &&
         members == other.members;
}

OwnMessage copy_of(const Message& m) {
  OwnMessage own{.body = std::string(m.body),
                 .tombstone = m.tombstone,
                 .key = copy_of(m.key),
                 .content_type = copy_of(m.content_type),
                 .content_encoding = copy_of(m.content_encoding),
                 .correlation_id = copy_of(m.correlation_id),
                 .reply_to = copy_of(m.reply_to),
                 .message_id = copy_of(m.message_id),
                 .type = copy_of(m.type),
                 .app_id = copy_of(m.app_id),
                 .expiration = copy_of(m.expiration),
                 .reply_partition = m.reply_partition,
                 .priority = m.priority,
                 .delivery_mode = m.delivery_mode,
                 .timestamp = m.timestamp,
                 .record_time_ms = m.record_time_ms,
                 .headers = {}};
  for (auto& h : m.headers) own.headers.push_back({std::string(h.name), copy_of(h.value)});
  return own;
}

std::span<const Header> view_of(const std::vector<OwnHeader>& headers, std::deque<std::vector<Header>>& storage) {
  std::vector<Header> views;
  for (auto& h : headers)
    views.push_back({h.name, Value{.kind = h.value.kind,
                                   .scale = h.value.scale,
                                   .integer = h.value.integer,
                                   .real = h.value.real,
                                   .text = h.value.text,
                                   .members = view_of(h.value.members, storage)}});
  return storage.emplace_back(std::move(views));
}

Message view_of(const OwnMessage& own, std::deque<std::vector<Header>>& storage) {
  Message m;
  m.body = own.body;
  m.tombstone = own.tombstone;
  m.key = own.key;
  m.content_type = own.content_type;
  m.content_encoding = own.content_encoding;
  m.correlation_id = own.correlation_id;
  m.reply_to = own.reply_to;
  m.reply_partition = own.reply_partition;
  m.message_id = own.message_id;
  m.type = own.type;
  m.app_id = own.app_id;
  m.expiration = own.expiration;
  m.priority = own.priority;
  m.delivery_mode = own.delivery_mode;
  m.timestamp = own.timestamp;
  m.record_time_ms = own.record_time_ms;
  m.headers = view_of(own.headers, storage);
  return m;
}

void PrintTo(const OwnHeader& header, std::ostream* out) {
  *out << printable(header.name) << ": ";
  print(header.value, *out);
}

void PrintTo(const OwnMessage& m, std::ostream* out) {
  auto text = [&](const char* name, const std::optional<std::string>& value) {
    if (value) *out << "\n  " << name << ' ' << json_string(printable(*value, 200));
  };
  auto number = [&](const char* name, auto value) {
    if (value) *out << "\n  " << name << ' ' << static_cast<int64_t>(*value);
  };
  *out << "\n  body (" << m.body.size() << ") " << json_string(printable(m.body, 60))
       << (m.tombstone ? " tombstone" : "");
  text("key", m.key), text("content_type", m.content_type), text("content_encoding", m.content_encoding);
  text("correlation_id", m.correlation_id), text("reply_to", m.reply_to), text("message_id", m.message_id);
  text("type", m.type), text("app_id", m.app_id), text("expiration", m.expiration);
  number("reply_partition", m.reply_partition), number("priority", m.priority);
  number("delivery_mode", m.delivery_mode), number("timestamp", m.timestamp);
  number("record_time_ms", m.record_time_ms);
  for (auto& header : m.headers) *out << "\n  ", PrintTo(header, out);
}

}  // namespace mombridge::conformance
