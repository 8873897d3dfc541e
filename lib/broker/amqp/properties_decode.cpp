#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <unordered_set>

#include "base/base64url.hpp"
#include "base/text.hpp"
#include "broker/amqp/properties.hpp"
#include "broker/amqp/property_flags.hpp"
#include "message/broker_owned.hpp"

namespace mombridge::amqp {

namespace {

bool all_digits(std::string_view text) {
  return !text.empty() && text.size() <= 18 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<int64_t> integer(const Value& v) {
  if (!v.is_text()) return v.kind == Value::Kind::null ? std::nullopt : std::optional(v.integer);
  int64_t n = 0;
  auto [end, error] = std::from_chars(v.text.data(), v.text.data() + v.text.size(), n);
  return error == std::errc{} && end == v.text.data() + v.text.size() ? std::optional(n) : std::nullopt;
}

int32_t partition(std::string_view bytes) {
  uint32_t n = 0;
  for (char c : bytes) n = n << 8 | static_cast<uint8_t>(c);
  return static_cast<int32_t>(n);
}

/// What the bridge itself put into headers goes back to where it came from; the rest stays.
class Restore {
 public:
  Restore(Message& message, DecodedHeaders& storage) : m_(message), storage_(storage) {}

  void run() {
    auto& headers = storage_.headers;
    std::span<const Header> repeated;
    size_t kept = 0;
    for (size_t i = 0; i < headers.size(); ++i) {
      auto& h = headers[i];
      if (broker_owned(h.name) || (h.name.starts_with("mombridge-") && restore(h, repeated)) ||
          (h.name == header::kKafkaReplyPartition && reply_partition(h.value)))
        continue;
      if (h.name.starts_with("cloudEvents_") || h.name.starts_with("cloudEvents:")) rename(h);
      headers[kept++] = h;
    }
    headers.resize(kept);
    if (!repeated.empty()) expand(repeated);
    if (encoded_id_ && m_.correlation_id) decode_id();
    m_.headers = headers;
  }

 private:
  bool restore(const Header& h, std::span<const Header>& repeated) {
    auto& v = h.value;
    if (h.name == header::kKey && v.is_text())
      m_.key = v.text;
    else if (h.name == header::kTombstone)
      m_.tombstone = m_.body.empty();
    else if (h.name == header::kTimestampMs && integer(v))
      m_.timestamp_ms = integer(v);
    else if (h.name == header::kTypes && v.kind == Value::Kind::array)
      repeated = v.members;
    else if (h.name == header::kRedelivered)
      m_.redelivered = true;
    else if (h.name == header::kCorrelationIdEncoding && v.text == "base64url")
      encoded_id_ = true;
    else
      return false;
    return true;
  }

  // No bridge encodes what is text: then it is the requester's own, and the reply must have it as it is.
  void decode_id() {
    std::string raw;
    if (!base64url_decode(*m_.correlation_id, raw) || is_utf8(raw)) return;
    m_.correlation_id = storage_.arena.texts.emplace_back(std::move(raw));
    m_.encoded_id = true;
  }

  bool reply_partition(const Value& v) {
    if (v.is_text() && v.text.size() == 4)
      m_.reply_partition = partition(v.text);
    else if (!v.is_text() && integer(v))
      m_.reply_partition = static_cast<int32_t>(*integer(v));
    else
      return false;
    return true;
  }

  // `cloudEvents_id` on AMQP is `ce_id` on Kafka, which is the neutral form.
  void rename(Header& h) {
    h.name = storage_.arena.texts.emplace_back("ce_" + std::string(h.name.substr(sizeof "cloudEvents_" - 1)));
  }

  // Names that Kafka had more than once came as an array.
  void expand(std::span<const Header> repeated) {
    std::unordered_set<std::string_view> names;
    for (auto& name : repeated) names.insert(name.value.text);
    std::vector<Header> expanded;
    for (auto& h : storage_.headers) {
      if (h.value.kind != Value::Kind::array || !names.contains(h.name))
        expanded.push_back(h);
      else
        for (auto& member : h.value.members) expanded.push_back({h.name, member.value});
    }
    storage_.headers = std::move(expanded);
  }

  Message& m_;
  DecodedHeaders& storage_;
  bool encoded_id_ = false;
};

}  // namespace

bool decode_properties(std::string_view bytes, Message& m, DecodedHeaders& storage, unsigned& dropped) {
  Reader in(bytes);
  auto flags = in.number<uint16_t>();
  if (flags & 1) return false;  // continued flags: no such property exists
  auto text = [&](uint16_t flag, Message::Text& to) {
    if (flags & flag) to = in.short_string();
  };
  std::string_view table;
  text(kContentType, m.content_type);
  text(kContentEncoding, m.content_encoding);
  if (flags & kHeaders) table = in.long_string();
  if (flags & kDeliveryMode) m.delivery_mode = in.octet();
  if (flags & kPriority) m.priority = in.octet();
  text(kCorrelationId, m.correlation_id);
  text(kReplyTo, m.reply_to);
  text(kExpiration, m.expiration);
  text(kMessageId, m.message_id);
  if (flags & kTimestamp) {
    constexpr auto kLatest = static_cast<uint64_t>(std::numeric_limits<int64_t>::max() / 1000);
    if (auto seconds = in.number<uint64_t>(); seconds <= kLatest)
      m.timestamp_ms = static_cast<int64_t>(seconds) * 1000;
    else
      ++dropped;
  }
  text(kType, m.type);
  if (flags & kUserId) in.short_string();  // checked by the broker against our own user: never forwarded
  text(kAppId, m.app_id);
  if (flags & kClusterId) in.short_string();
  if (m.expiration && !all_digits(*m.expiration)) m.expiration.reset();
  bool ok = in.ok();
  if (!table.empty() && !decode_table(table, storage.headers, storage.arena, dropped)) {
    ++dropped;  // what was decoded up to there stays
  }
  Restore(m, storage).run();
  return ok;
}

}  // namespace mombridge::amqp
