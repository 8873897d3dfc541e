#include <algorithm>
#include <charconv>
#include <limits>
#include <vector>

#include "base/base64url.hpp"
#include "base/text.hpp"
#include "broker/amqp/properties.hpp"
#include "broker/amqp/property_flags.hpp"
#include "message/broker_owned.hpp"

namespace mombridge::amqp {

namespace {

constexpr uint8_t kPersistent = 2;

bool any_repeated(std::span<const Header> headers) {
  constexpr size_t kFew = 16;  // up to here, comparing each with each is faster than sorting
  if (headers.size() <= kFew) {
    for (size_t i = 1; i < headers.size(); ++i)
      for (size_t k = 0; k < i; ++k)
        if (headers[i].name == headers[k].name) return true;
    return false;
  }
  std::vector<std::string_view> names;
  for (auto& h : headers) names.push_back(h.name);
  std::ranges::sort(names);
  return std::ranges::adjacent_find(names) != names.end();
}

/// The headers table of one publication, written as it goes.
class Table {
 public:
  Table(Writer& writer, const Publication& publication, std::vector<Header>& extras)
      : writer_(writer), p_(publication), extras_(extras) {}

  /// What the message says elsewhere than in its headers; a header of the same name gives way. Before write().
  void extra(std::string_view name, const Value& value) {
    if (!published(name)) extras_.push_back({name, value});
  }

  Result<> write() {
    begin_ = writer_.begin_sized();
    auto headers = p_.message->headers;
    if (any_repeated(headers))
      with_arrays(headers);
    else
      for (auto& h : headers) of_message(h.name, h.value);
    for (auto& h : p_.headers) entry(h.name, h.value);
    for (auto& extra : extras_) entry(extra.name, extra.value);
    writer_.end_sized(begin_);
    if (bad_) return fail("header name of " + std::to_string(bad_) + " bytes: AMQP takes at most 255");
    return {};
  }

 private:
  void entry(std::string_view name, const Value& value) {
    if (broker_owned(name)) return;
    if (name.size() > kLongestShortString) {
      bad_ = name.size();
      return;
    }
    bool cloud_event = name.starts_with("ce_") && name.size() + 9 <= kLongestShortString;
    if (value.kind == Value::Kind::string && !cloud_event && !name.empty()) return writer_.text_entry(name, value.text);
    // Kafka's `ce_id` is `cloudEvents_id` on AMQP. Source: CloudEvents AMQP protocol binding, 3.1.3.
    if (cloud_event) {
      writer_.octet(static_cast<uint8_t>(name.size() + 9));
      writer_.raw("cloudEvents_");
      writer_.raw(name.substr(3));
    } else {
      writer_.short_string(name);
    }
    encode_value(writer_, value);
  }

  void of_message(std::string_view name, const Value& value) {
    auto same = [&](auto& extra) { return extra.name == name; };
    if (!published(name) && std::ranges::none_of(extras_, same)) entry(name, value);
  }

  // A name that stands several times becomes one array, noted in mombridge-types so that the way back expands it.
  void with_arrays(std::span<const Header> headers) {
    std::vector<const Header*> sorted;
    for (auto& h : headers) sorted.push_back(&h);
    auto name = [](const Header* h) { return h->name; };
    std::ranges::stable_sort(sorted, {}, name);
    std::vector<Header> repeated;
    for (auto& h : headers) {
      auto first = std::ranges::lower_bound(sorted, h.name, {}, name);
      auto last = std::ranges::upper_bound(first, sorted.end(), h.name, {}, name);
      if (*first != &h) continue;
      if (last - first == 1) {
        of_message(h.name, h.value);
        continue;
      }
      std::vector<Header> members;
      for (auto other = first; other != last; ++other) members.push_back({{}, (*other)->value});
      of_message(h.name, array(members));
      repeated.push_back({{}, Value::of(h.name)});
    }
    if (!published(header::kTypes)) entry(header::kTypes, array(repeated));
  }

  static Value array(std::span<const Header> members) {
    return {.kind = Value::Kind::array, .text = {}, .members = members};
  }

  [[nodiscard]] bool published(std::string_view name) const {
    return std::ranges::any_of(p_.headers, [&](auto& h) { return h.name == name; });
  }

  Writer& writer_;
  const Publication& p_;
  size_t begin_ = 0, bad_ = 0;
  std::vector<Header>& extras_;
};

void add_extras(const Publication& p, Table& table) {
  auto& m = *p.message;
  if (p.key) table.extra(header::kKey, Value::of_untyped(*p.key));
  if (m.tombstone) table.extra(header::kTombstone, Value::of_bool(true));
  if (m.record_time_ms) {
    table.extra(header::kTimestampMs, Value::of(*m.record_time_ms));
    // Without it, the way back would take the property for the one that a record without a timestamp gets.
    if (m.timestamp && m.timestamp == m.record_seconds()) table.extra(header::kOwnTimestamp, Value::of_bool(true));
  }
  if (m.redelivered) table.extra(header::kRedelivered, Value::of_bool(true));
  if (m.reply_partition && m.reply_to) {
    Value v = Value::of(int64_t{*m.reply_partition});
    v.kind = Value::Kind::i32;
    table.extra(header::kReplyPartition, v);
  }
}

// RabbitMQ closes the channel for one that it cannot count: rabbit_misc:check_expiry/1.
bool expiration_fits(std::string_view text) {
  uint64_t ms = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
  return error == std::errc{} && end == text.data() + text.size() && ms <= std::numeric_limits<uint32_t>::max();
}

/// Which of the texts can be written as they are; the others go as headers, so that nothing is lost.
class Texts {
 public:
  explicit Texts(Table& table) : table_(table) {}
  uint16_t fit(uint16_t flag, const Message::Text& text, std::string_view name) {
    if (!text) return 0;
    if (text->size() <= kLongestShortString) return flag;
    table_.extra(name, Value::of_untyped(*text));
    return 0;
  }

 private:
  Table& table_;
};

}  // namespace

Result<> encode_properties(Writer& writer, const Publication& publication, std::string_view author) {
  auto& m = *publication.message;
  thread_local std::vector<Header> extras;  // keeps its memory, because many sources have one for every message
  extras.clear();
  Table table(writer, publication, extras);
  Texts texts(table);
  add_extras(publication, table);
  std::string encoded;
  Message::Text id = m.correlation_id;
  if (id && m.id_form != IdForm::literal && !is_utf8(*id)) {
    base64url_encode(*id, encoded);
    if (encoded.size() <= kLongestShortString) {
      id = encoded;
      table.extra(header::kCorrelationIdEncoding, Value::of(std::string_view("base64url")));
    }
  }
  uint16_t flags = kHeaders | kDeliveryMode;
  flags |= texts.fit(kContentType, m.content_type, "content-type");
  flags |= texts.fit(kContentEncoding, m.content_encoding, "content-encoding");
  flags |= texts.fit(kCorrelationId, id, header::kCorrelationId);
  if (m.reply_to && m.reply_to->size() <= kLongestShortString) flags |= kReplyTo;
  if (m.expiration && expiration_fits(*m.expiration))
    flags |= kExpiration;
  else if (m.expiration)
    table.extra("expiration", Value::of(*m.expiration));
  flags |= texts.fit(kMessageId, m.message_id, "message-id");
  flags |= texts.fit(kType, m.type, "type");
  flags |= texts.fit(kAppId, m.app_id, "app-id");
  if (m.priority) flags |= kPriority;
  if (!author.empty()) flags |= kUserId;
  // A message without a timestamp of its own has the time of its record.
  auto timestamp = m.timestamp ? m.timestamp : m.record_seconds();
  if (timestamp) flags |= kTimestamp;

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
  if (flags & kTimestamp) writer.number(*timestamp);
  if (flags & kType) writer.short_string(*m.type);
  if (flags & kUserId) writer.short_string(author);
  if (flags & kAppId) writer.short_string(*m.app_id);
  return {};
}

}  // namespace mombridge::amqp
