#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "broker/amqp/base64url.hpp"
#include "broker/amqp/properties.hpp"
#include "broker/amqp/property_flags.hpp"

namespace mombridge::amqp {

namespace {

constexpr uint8_t kPersistent = 2;

/// The headers table of one publication, written as it goes.
class Table {
 public:
  Table(Writer& writer, const Publication& publication) : writer_(writer), p_(publication) {}

  Result<> write() {
    begin_ = writer_.begin_sized();
    auto& m = *p_.message;
    for (auto& h : m.headers)
      if (!overridden(h.name)) header(m, h);
    for (auto& h : p_.headers) entry(h.name, h.value);
    extras(m);
    if (!multi_.empty()) entry(header::kTypes, Value::of(std::string_view(multi_)));
    writer_.end_sized(begin_);
    if (bad_) return fail("header name of " + std::to_string(bad_) + " bytes: AMQP takes at most 255");
    return {};
  }

  /// A text that does not fit a short string: under its Kafka name, so that nothing is lost.
  void too_long(std::string_view name, std::string_view text) { long_[long_count_++] = {name, Value::of(text)}; }
  void encoded_id() { encoded_id_ = true; }

 private:
  void entry(std::string_view name, const Value& value) {
    if (name.size() > kMaxShortString) {
      bad_ = name.size();
      return;
    }
    // Kafka's `ce_id` is `cloudEvents_id` on AMQP. Source: CloudEvents AMQP protocol binding, 3.1.3.
    if (name.starts_with("ce_") && name.size() + 9 <= kMaxShortString) {
      writer_.octet(static_cast<uint8_t>(name.size() + 9));
      writer_.raw("cloudEvents_");
      writer_.raw(name.substr(3));
    } else {
      writer_.short_string(name);
    }
    encode_value(writer_, value);
  }

  // A name that stands several times becomes one array, noted in mombridge-types so that the way back expands it.
  void header(const Message& m, const Header& h) {
    bool seen = false;
    size_t same = 0;
    if (m.headers.size() > 1)
      for (auto& other : m.headers) {
        if (other.name != h.name) continue;
        if (!same && &other != &h) seen = true;
        ++same;
      }
    if (same < 2) return entry(h.name, h.value);
    if (seen) return;
    std::vector<Header> members;
    for (auto& other : m.headers)
      if (other.name == h.name) members.push_back({{}, other.value});
    Value array;
    array.kind = Value::Kind::array;
    array.members = members;
    entry(h.name, array);
    multi_.append(multi_.empty() ? "" : ",").append(h.name);
  }

  void extras(const Message& m) {
    for (size_t i = 0; i < long_count_; ++i) entry(long_[i].name, long_[i].value);
    if (p_.key) entry(header::kKey, Value::of(*p_.key));
    if (m.tombstone) entry(header::kTombstone, Value::of_bool(true));
    if (m.timestamp_ms && *m.timestamp_ms % 1000) entry(header::kTimestampMs, Value::of(*m.timestamp_ms));
    if (m.redelivered) entry(header::kRedelivered, Value::of_bool(true));
    if (encoded_id_) entry(header::kCorrelationIdEncoding, Value::of(std::string_view("base64url")));
    if (m.reply_partition && m.reply_to) {
      Value v = Value::of(int64_t{*m.reply_partition});
      v.kind = Value::Kind::i32;
      entry(header::kKafkaReplyPartition, v);
    }
  }

  [[nodiscard]] bool overridden(std::string_view name) const {
    return std::ranges::any_of(p_.headers, [&](auto& h) { return h.name == name; });
  }

  Writer& writer_;
  const Publication& p_;
  size_t begin_ = 0, bad_ = 0;
  std::array<Header, 8> long_{};
  size_t long_count_ = 0;
  bool encoded_id_ = false;
  std::string multi_;
};

/// Which of the texts can be written as they are.
class Texts {
 public:
  explicit Texts(Table& table) : table_(table) {}
  uint16_t fit(uint16_t flag, const Message::Text& text, std::string_view kafka_name) {
    if (!text) return 0;
    if (text->size() <= kMaxShortString) return flag;
    table_.too_long(kafka_name, *text);
    return 0;
  }

 private:
  Table& table_;
};

}  // namespace

Result<> encode_properties(Writer& writer, const Publication& publication) {
  auto& m = *publication.message;
  Table table(writer, publication);
  Texts texts(table);
  std::string encoded;
  Message::Text id = m.correlation_id;
  if (id && !is_utf8(*id)) {
    encoded = base64url_encode(*id);
    if (encoded.size() <= kMaxShortString) {
      id = encoded;
      table.encoded_id();
    }
  }
  uint16_t flags = kHeaders | kDeliveryMode;
  flags |= texts.fit(kContentType, m.content_type, "content-type");
  flags |= texts.fit(kContentEncoding, m.content_encoding, "content-encoding");
  flags |= texts.fit(kCorrelationId, id, header::kKafkaCorrelationId);
  flags |= texts.fit(kReplyTo, m.reply_to, header::kKafkaReplyTopic);
  flags |= texts.fit(kExpiration, m.expiration, "expiration");
  flags |= texts.fit(kMessageId, m.message_id, "message-id");
  flags |= texts.fit(kType, m.type, "type");
  flags |= texts.fit(kAppId, m.app_id, "app-id");
  if (m.priority) flags |= kPriority;
  if (m.timestamp_ms && *m.timestamp_ms >= 0) flags |= kTimestamp;

  writer.number(flags);
  if (flags & kContentType) writer.short_string(*m.content_type);
  if (flags & kContentEncoding) writer.short_string(*m.content_encoding);
  if (auto ok = table.write(); !ok) return ok;
  writer.octet(kPersistent);
  if (flags & kPriority) writer.octet(*m.priority);
  if (flags & kCorrelationId) writer.short_string(*id);
  if (flags & kReplyTo) writer.short_string(*m.reply_to);
  if (flags & kExpiration) writer.short_string(*m.expiration);
  if (flags & kMessageId) writer.short_string(*m.message_id);
  if (flags & kTimestamp) writer.number(static_cast<uint64_t>(*m.timestamp_ms / 1000));
  if (flags & kType) writer.short_string(*m.type);
  if (flags & kAppId) writer.short_string(*m.app_id);
  return {};
}

}  // namespace mombridge::amqp
