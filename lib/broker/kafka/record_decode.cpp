#include <algorithm>
#include <charconv>
#include <optional>
#include <span>

#include "base/text.hpp"
#include "broker/kafka/record.hpp"
#include "broker/kafka/record_names.hpp"
#include "message/short_string.hpp"
#include "message/type_note.hpp"

namespace mombridge::kafka {

namespace {

constexpr size_t kMaxExpirationDigits = 18;  ///< as on AMQP

bool all_digits(std::string_view text) {
  return !text.empty() && text.size() <= kMaxExpirationDigits &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// As the bridge writes it: "007" or "+7" is somebody else's text, and must come back as it was.
template <class N>
std::optional<N> number(std::string_view text) {
  if (text.size() > 1 && text[0] == '0') return std::nullopt;
  N n{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(n) : std::nullopt;
}

std::optional<int32_t> partition(std::string_view bytes) {
  if (bytes.size() != 4) return std::nullopt;
  uint32_t n = 0;
  for (char c : bytes) n = n << 8 | static_cast<uint8_t>(c);
  return n <= INT32_MAX ? std::optional(static_cast<int32_t>(n)) : std::nullopt;
}

struct Raw {
  std::string_view name, value;
  bool null;
};

void list(const rd_kafka_headers_t* headers, std::vector<Raw>& raws) {
  raws.clear();
  const char* name;
  const void* value;
  size_t size;
  for (size_t i = 0; headers && !rd_kafka_header_get_all(headers, i, &name, &value, &size); ++i)
    raws.push_back({name, {static_cast<const char*>(value), value ? size : 0}, !value});
}

class Decoder {
 public:
  Decoder(Message& message, RecordStorage& storage, unsigned& dropped, HeaderTrust trust, bool copies)
      : m_(message), storage_(storage), dropped_(dropped), trust_(trust), copies_(copies) {}

  void run(const rd_kafka_message_t& record, std::span<Raw> headers) {
    m_.tombstone = !record.payload;
    if (record.payload) m_.body = keep({static_cast<const char*>(record.payload), record.len});
    if (record.key) m_.key = keep({static_cast<const char*>(record.key), record.key_len});
    TypeNote types(note(headers), headers.size(), storage_.arena);
    for (auto& raw : headers) {
      raw = {keep(raw.name), keep(raw.value), raw.null};
      switch (owner_of(raw.name)) {
        case NameOwner::sender:
          if (raw.null)
            storage_.headers.push_back({raw.name, {}});
          else
            property_or_header(raw, types);
          break;
        case NameOwner::property:
          reply_property(raw);
          break;
        case NameOwner::bridge:
          dropped_ += !bridge_header(raw);
          break;
        case NameOwner::dead_letter:
          storage_.local.push_back({raw.name, untyped(raw)});
          ++dropped_;
          break;
        case NameOwner::broker:
          ++dropped_;
      }
    }
    m_.headers = storage_.headers;
    m_.local = storage_.local;
  }

 private:
  // The storage has been made large enough: what stands in it stays where it is.
  std::string_view keep(std::string_view text) {
    if (!copies_) return text;
    auto& bytes = storage_.bytes;
    bytes.append(text);
    return bytes.view().substr(bytes.size() - text.size());
  }

  static Value untyped(const Raw& raw) { return raw.null ? Value() : Value::of_untyped(raw.value); }

  [[nodiscard]] std::string_view note(std::span<const Raw> headers) const {
    if (!trust_.restore) return {};
    auto last = std::find_if(headers.rbegin(), headers.rend(), [](auto& raw) { return raw.name == header::kTypes; });
    return last == headers.rend() ? std::string_view() : last->value;
  }

  /// Returns false if the header means nothing here: what bridges note on AMQP alone, or nonsense. Types do not apply:
  /// a number stays one whatever its note says.
  bool bridge_header(const Raw& raw) {
    auto value = untyped(raw);
    if (goes_on(raw.name, value, trust_.replies)) {
      storage_.headers.push_back({raw.name, value});
      return true;
    }
    if (raw.name == header::kRedelivered) return is_true(value) && (m_.redelivered = true);
    return raw.name == header::kTypes && trust_.restore;
  }

  // The last of a name counts, as Kafka's own lastHeader. What does not count is dropped: were it passed on as a
  // header, a reader that takes the first would be answered there, whatever `allow_reply_to` says.
  void reply_property(const Raw& raw) {
    auto take = [&](Message::Text& to, bool fits) {
      dropped_ += !fits || to;
      if (fits) to = raw.value;
    };
    if (raw.name == header::kKafkaCorrelationId) return take(m_.correlation_id, !raw.null);
    if (raw.name == header::kKafkaReplyTopic)
      return take(m_.reply_to, !raw.null && raw.value.size() <= kLongestShortString && is_utf8(raw.value));
    auto n = raw.null ? std::nullopt : partition(raw.value);
    dropped_ += !n || m_.reply_partition;
    if (n) m_.reply_partition = n;
  }

  // What has a type of its own is none of the properties, whatever it is called.
  void property_or_header(const Raw& raw, TypeNote& types) {
    auto type = types.take(raw.name);
    if (type.empty() && passes_for_property(raw.name, raw.value)) return property(raw);
    storage_.headers.push_back({raw.name, types.typed(type, raw.value)});
  }

  // The last of a name counts, as Kafka's own lastHeader; an earlier one stays a header.
  void property(const Raw& raw) {
    if (raw.name == name::kContentType) return text(raw, m_.content_type);
    if (raw.name == name::kContentEncoding) return text(raw, m_.content_encoding);
    if (raw.name == name::kMessageId) return text(raw, m_.message_id);
    if (raw.name == name::kType) return text(raw, m_.type);
    if (raw.name == name::kAppId) return text(raw, m_.app_id);
    if (raw.name == name::kExpiration) return text(raw, m_.expiration);
    if (raw.name == name::kPriority) return number(raw, m_.priority, earlier_priority_);
    number(raw, m_.timestamp, earlier_timestamp_);
  }

  template <class N>
  void number(const Raw& raw, std::optional<N>& to, std::string_view& earlier) {
    if (to) storage_.headers.push_back({raw.name, Value::of(earlier)});
    to = kafka::number<N>(raw.value);
    earlier = raw.value;
  }

  void text(const Raw& raw, Message::Text& to) {
    if (to) storage_.headers.push_back({raw.name, Value::of(*to)});
    to = raw.value;
  }

  Message& m_;
  RecordStorage& storage_;
  unsigned& dropped_;
  const HeaderTrust trust_;
  const bool copies_;
  std::string_view earlier_priority_, earlier_timestamp_;  ///< the texts of those that were found last
};

}  // namespace

bool passes_for_property(std::string_view name, std::string_view text) {
  if (!name::is_property(name)) return false;
  if (name == name::kPriority) return number<uint8_t>(text).has_value();
  if (name == name::kTimestamp) return number<uint64_t>(text).has_value();
  return name == name::kExpiration ? all_digits(text) : is_utf8(text);
}

Decoded decode_record(const rd_kafka_message_t& record, Message& m, RecordStorage& storage, unsigned& dropped,
                      HeaderTrust trust) {
  rd_kafka_timestamp_type_t kind;
  auto timestamp = rd_kafka_message_timestamp(&record, &kind);
  if (kind != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && timestamp >= 0) m.record_time_ms = timestamp;
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&record, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) headers = nullptr;
  return decode_content(record, headers, m, storage, dropped, trust);
}

Decoded decode_content(const rd_kafka_message_t& record, const rd_kafka_headers_t* headers, Message& m,
                       RecordStorage& storage, unsigned& dropped, HeaderTrust trust) {
  thread_local std::vector<Raw> raws;  // so that its memory stays
  list(headers, raws);
  size_t size = record.len + record.key_len;
  for (auto& raw : raws) size += raw.name.size() + raw.value.size();
  bool copies = size <= kCopied;
  if (copies) storage.bytes.reserve(size);
  storage.headers.reserve(raws.size());
  Decoder(m, storage, dropped, trust, copies).run(record, raws);
  return {size, copies};
}

std::string id_prefix(std::string_view broker, std::string_view topic, int32_t partition) {
  return "kafka:" + std::string(broker) + "/" + std::string(topic) + "/" + std::to_string(partition) + "/";
}

std::string_view make_id(Buffer& id, std::string_view prefix, int64_t offset) {
  constexpr size_t kDigits = 20;
  id.clear();
  id.append(prefix);
  auto* number = id.extend(kDigits);
  id.truncate(static_cast<size_t>(std::to_chars(number, number + kDigits, offset).ptr - id.data()));
  return id;
}

}  // namespace mombridge::kafka
