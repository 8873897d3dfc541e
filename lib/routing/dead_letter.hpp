#pragma once
// A message on its way to the dead letter: what it says of where it came from, why it is here and how often it was
// tried, and what of that, and of the message itself, is left out so that its broker takes it.

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "message/delivery.hpp"
#include "message/publication.hpp"
#include "routing/rendered.hpp"

namespace mombridge::routing {

/// Why the message is here.
struct DeadLetterStory {
  std::string_view broker, source, route;  ///< `route` is empty where none took it
  std::string_view reason;
  unsigned attempts = 0;
};

/// Reused with its attempt. The publication that fill() filled in views it.
class DeadLetter {
 public:
  /// For the next message: nothing is left out.
  void begin() { form_ = Form::whole; }
  /// Leaves out more. Returns false if nothing is left that could be.
  [[nodiscard]] bool leave_out_more(const Message& message);
  /// Makes `publication`, which prepare() has filled in for the dead letter, carry the delivery's message in the
  /// present form. Adds the bridge's own `mombridge-dead-*` headers and, where it becomes a record, Spring's
  /// `kafka_dlt-*`. Source of the latter: spring-kafka, KafkaHeaders (partition 4, offset and timestamp 8 bytes,
  /// big-endian). The message's expiration becomes one of them, so that the dead letter itself does not expire.
  void fill(Publication& publication, Rendered& rendered, const Delivery& delivery, const DeadLetterStory& story,
            bool as_record);

  /// What is left out, in words; empty: nothing.
  [[nodiscard]] std::string_view left_out() const;
  [[nodiscard]] bool without_headers() const { return form_ >= Form::without_headers; }

 private:
  /// Each leaves out more than the one before, the bridge's words before the message's.
  enum class Form : uint8_t {
    whole,
    short_reason,     ///< and not a second time under Spring's name
    without_reason,   ///< only where it came from
    as_it_came,       ///< nothing that the bridge adds: no larger than it was
    without_headers,  ///< of the message's own; the reason in full again, as their size or names may be the fault
    only_source,      ///< without the message's headers and without the reason
    only_body,        ///< and a record's key
  };

  void reduce(Publication& publication, bool as_record);
  void tell_source(std::vector<Header>& headers, const Delivery& delivery, const DeadLetterStory& story);
  void tell_reason(std::vector<Header>& headers, const DeadLetterStory& story);
  void tell_spring(std::vector<Header>& headers, const Delivery& delivery);

  Form form_ = Form::whole;
  Message message_;
  std::string reason_, attempts_, failed_at_ms_, partition_, offset_, headers_left_out_;
  std::array<char, 4> kafka_partition_{};
  std::array<char, 8> kafka_offset_{}, kafka_timestamp_{};
};

}  // namespace mombridge::routing
