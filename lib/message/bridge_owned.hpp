#pragma once
// Names of headers that bridges write, and what a header of such a name may do when it comes from outside, where
// anybody can have written it. The decoders of every kind of broker ask here, and so does what takes messages from
// handlers. Names are compared exactly, because header names are case-sensitive in AMQP and in Kafka, and because those
// who read them compare exactly too: `Kafka_ReplyTopic` is a name like any other, and crosses.

#include <cstdint>
#include <string_view>

#include "message/broker_owned.hpp"
#include "message/message.hpp"

namespace mombridge {

/// Who a header's name belongs to.
enum class NameOwner : uint8_t {
  sender,       ///< the application: crosses
  broker,       ///< broker_owned(): stays behind
  property,     ///< Kafka's name of a property: on Kafka it is the property, elsewhere a forgery; never a plain header
  dead_letter,  ///< says where a dead letter came from: seen by routes, templates and handlers, and never written again
  bridge,       ///< of the namespace `header`, which says what each may do
};

inline NameOwner owner_of(std::string_view name) {
  if (name.empty()) return NameOwner::sender;
  switch (name[0]) {
    case 'B':
    case 'C':
    case 'x':
      return broker_owned(name) ? NameOwner::broker : NameOwner::sender;
    case 'k':
      if (!name.starts_with("kafka_")) return NameOwner::sender;
      if (name.starts_with(header::kKafkaDeadLetter)) return NameOwner::dead_letter;
      return name == header::kKafkaCorrelationId || name == header::kKafkaReplyTopic ||
                     name == header::kKafkaReplyPartition
                 ? NameOwner::property
                 : NameOwner::sender;
    case 'm':
      if (!name.starts_with("mombridge-")) return NameOwner::sender;
      if (name.starts_with(header::kDeadLetter)) return NameOwner::dead_letter;
      for (auto own : header::kBridge)
        if (name == own) return NameOwner::bridge;
      return NameOwner::sender;
    default:
      return NameOwner::sender;
  }
}

/// What a subscription's messages may say to the bridge in headers.
struct HeaderTrust {
  bool restore = true;   ///< headers in which a bridge noted something about the other side are believed; else dropped
  bool replies = false;  ///< the bridge's own reply queue or topic: what comes answers a request
};

/// Returns true if a header that belongs to bridges (NameOwner::bridge) goes on as a header with this value: the count
/// of hops, perhaps with the marks of routes behind it, the deadline where it is a number, an error's code in a reply.
bool goes_on(std::string_view name, const Value& value, bool reply);

/// True for a boolean true, and for the text "true", which it is on Kafka.
bool is_true(const Value& value);

}  // namespace mombridge
