#include <algorithm>
#include <charconv>
#include <optional>
#include <span>

#include "base/text.hpp"
#include "broker/kafka/record.hpp"
#include "broker/kafka/record_names.hpp"
#include "message/broker_owned.hpp"

namespace mombridge::kafka {

namespace {

constexpr size_t kMaxExpirationDigits = 18;  ///< as on AMQP

bool all_digits(std::string_view text) {
  return !text.empty() && text.size() <= kMaxExpirationDigits &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// The bridge writes these on AMQP and nowhere else: on a record somebody else did.
bool only_on_amqp(std::string_view name) {
  return name == header::kKey || name == header::kTombstone || name == header::kTimestampMs ||
         name == header::kCorrelationIdEncoding;
}

std::optional<uint8_t> priority(std::string_view text) {
  uint8_t n{};
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

/// The entries of `mombridge-types`, asked for in the order of the headers, as they were written.
class Types {
 public:
  Types(std::string_view note, Arena& arena) : arena_(arena) {
    while (!note.empty()) {
      auto entry = note.substr(0, note.find(';'));
      note.remove_prefix(std::min(note.size(), entry.size() + 1));
      auto colon = entry.find(':');
      if (colon == std::string_view::npos) continue;
      entries_.push_back({entry.substr(0, colon), unescape(entry.substr(colon + 1)), false});
    }
  }

  /// The type of the next header of that name; empty: none is noted.
  std::string_view take(std::string_view name) {
    for (size_t i = 0; i < entries_.size() && budget_; ++i, --budget_) {
      auto& entry = entries_[(next_ + i) % entries_.size()];
      if (entry.taken || entry.name != name) continue;
      entry.taken = true;
      next_ += i + 1;
      return entry.type;
    }
    return {};
  }

 private:
  struct Entry {
    std::string_view type, name;
    bool taken;
  };

  std::string_view unescape(std::string_view name) {
    if (name.find('%') == std::string_view::npos) return name;
    auto& plain = arena_.texts.emplace_back();
    for (size_t i = 0; i < name.size(); ++i) {
      auto code = name.substr(i, 3);
      bool escaped = code == "%25" || code == "%3B";
      plain += code == "%3B" ? ';' : name[i];
      if (escaped) i += 2;
    }
    return plain;
  }

  Arena& arena_;
  std::vector<Entry> entries_;
  size_t next_ = 0;
  size_t budget_ = 100'000;  ///< comparisons: a hostile record may have very many of both
};

class Decoder {
 public:
  Decoder(Message& message, RecordStorage& storage, unsigned& dropped, bool copies)
      : m_(message), storage_(storage), dropped_(dropped), copies_(copies) {}

  void run(const rd_kafka_message_t& record, std::span<Raw> headers) {
    m_.tombstone = !record.payload;
    if (record.payload) m_.body = keep({static_cast<const char*>(record.payload), record.len});
    if (record.key) m_.key = keep({static_cast<const char*>(record.key), record.key_len});
    Types types(note(headers), storage_.arena);
    for (auto& raw : headers) {
      raw = {keep(raw.name), keep(raw.value), raw.null};
      if (raw.name == header::kTypes) continue;
      if (broker_owned(raw.name) || only_on_amqp(raw.name)) {
        ++dropped_;
      } else if (raw.null) {
        storage_.headers.push_back({raw.name, {}});
      } else if (!property(raw)) {
        storage_.headers.push_back({raw.name, value(raw, types.take(raw.name))});
      }
    }
    m_.headers = storage_.headers;
  }

 private:
  // The storage has been made large enough: what stands in it stays where it is.
  std::string_view keep(std::string_view text) {
    if (!copies_) return text;
    auto& bytes = storage_.bytes;
    bytes.append(text);
    return bytes.view().substr(bytes.size() - text.size());
  }

  static std::string_view note(std::span<const Raw> headers) {
    auto last = std::find_if(headers.rbegin(), headers.rend(), [](auto& raw) { return raw.name == header::kTypes; });
    return last == headers.rend() ? std::string_view() : last->value;
  }

  Value value(const Raw& raw, std::string_view type) {
    Value v;
    if (!type.empty() && from_text(type, raw.value, v, storage_.arena)) return v;
    return is_utf8(raw.value) ? Value::of(raw.value) : Value::of_bytes(raw.value);
  }

  // The last of a name counts, as Kafka's own lastHeader; an earlier one stays a header.
  bool property(const Raw& raw) {
    auto& v = raw.value;
    if (raw.name == header::kKafkaCorrelationId) return text(raw, m_.correlation_id, true);
    if (raw.name == header::kKafkaReplyTopic) return text(raw, m_.reply_to, is_utf8(v));
    if (raw.name == header::kKafkaReplyPartition) return (m_.reply_partition = partition(v)).has_value();
    if (raw.name == header::kRedelivered) return m_.redelivered = true;
    if (raw.name == name::kContentType) return text(raw, m_.content_type, is_utf8(v));
    if (raw.name == name::kContentEncoding) return text(raw, m_.content_encoding, is_utf8(v));
    if (raw.name == name::kMessageId) return text(raw, m_.message_id, is_utf8(v));
    if (raw.name == name::kType) return text(raw, m_.type, is_utf8(v));
    if (raw.name == name::kAppId) return text(raw, m_.app_id, is_utf8(v));
    if (raw.name == name::kPriority) return (m_.priority = priority(v)).has_value();
    if (raw.name != name::kExpiration) return false;
    if (!all_digits(v)) return ++dropped_, true;
    return text(raw, m_.expiration, true);
  }

  bool text(const Raw& raw, Message::Text& to, bool fits) {
    if (!fits) return false;
    if (to) storage_.headers.push_back({raw.name, Value::of(*to)});
    to = raw.value;
    return true;
  }

  Message& m_;
  RecordStorage& storage_;
  unsigned& dropped_;
  const bool copies_;
};

}  // namespace

Decoded decode_record(const rd_kafka_message_t& record, Message& m, RecordStorage& storage, unsigned& dropped) {
  rd_kafka_timestamp_type_t kind;
  auto timestamp = rd_kafka_message_timestamp(&record, &kind);
  if (kind != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && timestamp >= 0) m.timestamp_ms = timestamp;
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&record, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) headers = nullptr;
  return decode_content(record, headers, m, storage, dropped);
}

Decoded decode_content(const rd_kafka_message_t& record, const rd_kafka_headers_t* headers, Message& m,
                       RecordStorage& storage, unsigned& dropped) {
  thread_local std::vector<Raw> raws;  // so that its memory stays
  list(headers, raws);
  size_t size = record.len + record.key_len;
  for (auto& raw : raws) size += raw.name.size() + raw.value.size();
  bool copies = size <= kCopied;
  if (copies) storage.bytes.reserve(size);
  storage.headers.reserve(raws.size());
  Decoder(m, storage, dropped, copies).run(record, raws);
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
