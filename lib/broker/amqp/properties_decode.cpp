#include <algorithm>
#include <limits>
#include <optional>
#include <unordered_set>

#include "base/base64url.hpp"
#include "base/text.hpp"
#include "broker/amqp/properties.hpp"
#include "broker/amqp/property_flags.hpp"
#include "message/bridge_owned.hpp"

namespace mombridge::amqp {

namespace {

bool all_digits(std::string_view text) {
  return !text.empty() && text.size() <= 18 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Milliseconds since 1970 between the years 0 and 9999, which every client and broker can show.
std::optional<int64_t> plausible_time(const Value& v) {
  constexpr int64_t kYear0 = -62'167'219'200'000, kYear9999 = 253'402'300'799'999;
  auto ms = whole_number(v);
  return ms && *ms >= kYear0 && *ms <= kYear9999 ? ms : std::nullopt;
}

/// What the bridge itself put into headers goes back to where it came from; the rest stays.
class Restore {
 public:
  Restore(Message& message, DecodedHeaders& storage, unsigned& dropped, HeaderTrust trust, QueueNotes* notes)
      : m_(message), storage_(storage), dropped_(dropped), trust_(trust), notes_(notes) {}

  void run() {
    auto& headers = storage_.headers;
    size_t kept = 0;
    for (size_t i = 0; i < headers.size(); ++i) {
      auto& h = headers[i];
      if (!stays(h)) continue;
      if (h.name.starts_with("cloudEvents_") || h.name.starts_with("cloudEvents:")) rename(h);
      headers[kept++] = h;
    }
    headers.resize(kept);
    if (!repeated_.empty()) expand();
    if (encoded_id_ && m_.correlation_id) decode_id();
    if (!own_timestamp_ && m_.record_time_ms && m_.timestamp == m_.record_seconds()) m_.timestamp.reset();
    m_.headers = headers;
    m_.local = storage_.local;
  }

 private:
  /// Returns true if it is one of the message's headers.
  bool stays(const Header& h) {
    switch (owner_of(h.name)) {
      case NameOwner::sender:
        return true;
      case NameOwner::broker:
        if (notes_ && h.name == "x-delivery-count") notes_->delivery_count = whole_number(h.value);
        return false;
      case NameOwner::dead_letter:
        storage_.local.push_back(h);
        break;
      case NameOwner::bridge:
        if (goes_on(h.name, h.value, trust_.replies)) return true;
        if (restore(h)) return false;
        break;
      case NameOwner::property:  // on AMQP these are properties, and no header stands for them
        break;
    }
    ++dropped_;
    return false;
  }

  /// Returns false if the header means nothing here.
  bool restore(const Header& h) {
    auto& v = h.value;
    if (h.name == header::kRedelivered) return is_true(v) && (m_.redelivered = true);
    if (h.name == header::kCorrelationIdEncoding) return v.text == "base64url" && (encoded_id_ = true);
    // Who published them decides whether they are believed, and not the trust of the subscription.
    if (h.name == header::kPutBacks) return notes_ && (notes_->put_backs = whole_number(v));
    if (h.name == header::kPutBackTarget) return notes_ && (v.is_text() && (notes_->put_back_target = v.text));
    if (!trust_.restore) return false;
    if (h.name == header::kKey) return v.is_text() && (m_.key = v.text);
    if (h.name == header::kTombstone) return is_true(v) && m_.body.empty() && (m_.tombstone = true);
    if (h.name == header::kTypes) return v.kind == Value::Kind::array && (repeated_ = v.members, true);
    if (h.name == header::kTimestampMs) {
      auto ms = plausible_time(v);
      if (ms) m_.record_time_ms = ms;
      return ms.has_value();
    }
    if (h.name == header::kOwnTimestamp) return is_true(v) && (own_timestamp_ = true);
    if (h.name == header::kReplyPartition) {
      auto n = whole_number(v);
      bool fits = n && *n >= 0 && *n <= std::numeric_limits<int32_t>::max();
      if (fits) m_.reply_partition = static_cast<int32_t>(*n);
      return fits;
    }
    // Only where the property has no room for it. Else there is a property, and that is the one that counts.
    bool id =
        h.name == header::kCorrelationId && !m_.correlation_id && v.is_text() && v.text.size() > kLongestShortString;
    if (id) m_.correlation_id = v.text;
    return id;
  }

  // Bridges encode only what is not text. So this one is the requester's own, and the reply must have it as it is.
  void decode_id() {
    std::string raw;
    if (!base64url_decode(*m_.correlation_id, raw) || is_utf8(raw)) return;
    m_.correlation_id = storage_.arena.texts.emplace_back(std::move(raw));
    m_.id_form = IdForm::encoded;
  }

  // `cloudEvents_id` on AMQP is `ce_id` on Kafka, which is the neutral form.
  void rename(Header& h) {
    h.name = storage_.arena.texts.emplace_back("ce_" + std::string(h.name.substr(sizeof "cloudEvents_" - 1)));
  }

  // Names that Kafka had more than once came as an array.
  void expand() {
    std::unordered_set<std::string_view> names;
    for (auto& name : repeated_) names.insert(name.value.text);
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
  unsigned& dropped_;
  const HeaderTrust trust_;
  QueueNotes* notes_;
  std::span<const Header> repeated_;  ///< names that stood several times
  bool encoded_id_ = false;
  bool own_timestamp_ = false;
};

}  // namespace

bool decode_properties(std::string_view bytes, Message& m, DecodedHeaders& storage, unsigned& dropped,
                       HeaderTrust trust, QueueNotes* notes) {
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
  if (flags & kTimestamp) m.timestamp = in.number<uint64_t>();
  text(kType, m.type);
  // Checked by the broker against the user who publishes: never forwarded.
  if (flags & kUserId)
    if (auto user = in.short_string(); notes) notes->user_id = user;
  text(kAppId, m.app_id);
  if (flags & kClusterId) in.short_string();
  if (m.expiration && !all_digits(*m.expiration)) m.expiration.reset();
  bool ok = in.ok();
  if (!table.empty() && !decode_table(table, storage.headers, storage.arena, dropped)) {
    ++dropped;  // what was decoded up to there stays
  }
  Restore(m, storage, dropped, trust, notes).run();
  return ok;
}

}  // namespace mombridge::amqp
