#include <algorithm>
#include <charconv>

#include "broker/kafka/record.hpp"
#include "broker/kafka/record_names.hpp"
#include "message/type_note.hpp"

namespace mombridge::kafka {

namespace {

class Encoder {
 public:
  Encoder(const Publication& publication, unsigned& dropped)
      : p_(publication),
        m_(*publication.message),
        dropped_(dropped),
        headers_(rd_kafka_headers_new(m_.headers.size() + p_.headers.size() + 8)) {}

  RecordHeaders run() {
    for (auto& h : m_.headers)
      if (!overridden(h.name)) types_.expect(h, stands_for_property(h));
    for (auto& h : p_.headers) types_.expect(h);
    types_.ready();
    each([this](const Header& h) { header(h); });
    // After the headers: of a name that stands in both, the property is the last and so the one that counts.
    properties();
    if (!types_.note().empty()) add(header::kTypes, types_.note());
    return std::move(headers_);
  }

 private:
  /// All headers of the publication that are to be written.
  template <class Do>
  void each(Do&& act) {
    for (auto& h : m_.headers)
      if (!overridden(h.name)) act(h);
    for (auto& h : p_.headers) act(h);
  }

  [[nodiscard]] bool overridden(std::string_view name) const {
    return std::ranges::any_of(p_.headers, [&](auto& h) { return h.name == name; });
  }

  // A header that is called as a property which the message has not: without a note of its type, the way back would
  // take it for that, and RabbitMQ would drop a message because of a header `expiration`. One that stands before the
  // property of its name stays a header anyway.
  [[nodiscard]] bool stands_for_property(const Header& h) const {
    return h.value.is_text() && passes_for_property(h.name, h.value.text) && !has_property(h.name);
  }

  [[nodiscard]] bool has_property(std::string_view name) const {
    if (name == name::kContentType) return m_.content_type.has_value();
    if (name == name::kContentEncoding) return m_.content_encoding.has_value();
    if (name == name::kMessageId) return m_.message_id.has_value();
    if (name == name::kType) return m_.type.has_value();
    if (name == name::kAppId) return m_.app_id.has_value();
    if (name == name::kPriority) return m_.priority.has_value();
    if (name == name::kExpiration) return m_.expiration.has_value();
    return m_.timestamp.has_value();
  }

  void header(const Header& h) {
    if (h.name.starts_with("mombridge-") && !carried(h.name)) return;
    if (h.name.find('\0') != std::string_view::npos) {
      ++dropped_;
      return;
    }
    if (h.value.kind == Value::Kind::null) return add(h.name, {}, true);
    if (!types_.noted(h.name)) return add(h.name, h.value.text);
    text_.clear();
    types_.write(h, text_);
    add(h.name, text_);
  }

  /// Those that belong to a field of the message are written from that field, or have no place on Kafka.
  static bool carried(std::string_view name) {
    return owner_of(name) != NameOwner::bridge || name == header::kHops || name == header::kDeadline ||
           name == header::kError;
  }

  void properties() {
    property(name::kContentType, m_.content_type);
    property(name::kContentEncoding, m_.content_encoding);
    property(header::kKafkaCorrelationId, m_.correlation_id);
    property(header::kKafkaReplyTopic, m_.reply_to);
    if (m_.reply_to && m_.reply_partition) {
      auto n = static_cast<uint32_t>(*m_.reply_partition);
      char bytes[] = {static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8),
                      static_cast<char>(n)};
      property(header::kKafkaReplyPartition, std::string_view(bytes, sizeof bytes));
    }
    property(name::kMessageId, m_.message_id);
    property(name::kType, m_.type);
    property(name::kAppId, m_.app_id);
    property(name::kExpiration, m_.expiration);
    number(name::kPriority, m_.priority);
    number(name::kTimestamp, m_.timestamp);
    if (m_.redelivered) add(header::kRedelivered, "true");
  }

  void property(std::string_view name, const Message::Text& text) {
    if (text && !overridden(name)) add(name, *text);
  }

  template <class N>
  void number(std::string_view name, std::optional<N> value) {
    constexpr size_t kDigits = 20;
    char digits[kDigits];
    if (value) property(name, std::string_view(digits, std::to_chars(digits, digits + kDigits, *value).ptr));
  }

  void add(std::string_view name, std::string_view value, bool null = false) {
    // librdkafka takes a null pointer for a null value.
    const char* bytes = null ? nullptr : value.data() ? value.data() : "";
    rd_kafka_header_add(headers_.get(), name.data() ? name.data() : "", static_cast<ssize_t>(name.size()), bytes,
                        static_cast<ssize_t>(value.size()));
  }

  const Publication& p_;
  const Message& m_;
  unsigned& dropped_;
  RecordHeaders headers_;
  TypeNoteWriter types_;
  std::string text_;
};

}  // namespace

RecordHeaders encode_headers(const Publication& publication, unsigned& dropped) {
  return Encoder(publication, dropped).run();
}

}  // namespace mombridge::kafka
