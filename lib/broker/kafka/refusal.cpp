#include "broker/kafka/refusal.hpp"

#include "base/text.hpp"
#include "broker/kafka/client.hpp"
#include "broker/kafka/permission.hpp"
#include "broker/kafka/produce.hpp"
#include "broker/kafka/topic_name.hpp"

namespace mombridge::kafka {

namespace {

std::string size_reason(const Publication& p, Judge judge, const ProducerLimits& limits) {
  auto size = ": a body of " + std::to_string(p.message->body.size()) + " bytes with its key and headers is too large ";
  if (judge == Judge::client)
    return size + "for the client, which compares before it compresses (message.max.bytes under librdkafka: is " +
           limits.message_max_bytes + ")";
  return size + "for the broker, sent " +
         (limits.compression == "none" ? "uncompressed" : "compressed with " + limits.compression) +
         " (the topic's max.message.bytes, or message.max.bytes of the broker)";
}

std::string hint(const Publication& p, rd_kafka_resp_err_t code, Judge judge, const ProducerLimits& limits) {
  if (is_too_large(code)) return size_reason(p, judge, limits);
  switch (code) {
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
      return p.key ? ": the broker's validation does not take the record"
                   : ": the record has no key, which a topic with cleanup.policy=compact needs (give the destination a "
                     "'key:')";
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
      return ": the record's time is outside of what the topic takes (its message.timestamp.before.max.ms and "
             "message.timestamp.after.max.ms)";
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return ": " + allow({"Describe", "Write"}, "topic", p.target, limits.principal);
    default:
      return {};
  }
}

// The rest may be mended while the message is tried again.
Outcome::Cause cause_of(rd_kafka_resp_err_t code) {
  if (is_too_large(code)) return Outcome::Cause::size;
  switch (code) {
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
      return Outcome::Cause::message;
    default:
      return Outcome::Cause::around;
  }
}

bool has_own_time(const Publication& p) {
  auto time = record_time(p);
  return time && *time;
}

}  // namespace

bool is_too_large(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || code == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE ||
         code == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE;
}

bool is_of_batch(rd_kafka_resp_err_t code) {
  return is_too_large(code) || code == RD_KAFKA_RESP_ERR_INVALID_RECORD ||
         code == RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP || code == RD_KAFKA_RESP_ERR_POLICY_VIOLATION ||
         code == RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT;
}

bool is_unknown(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC || code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
         code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}

bool is_permanent(rd_kafka_resp_err_t code) {
  return is_of_batch(code) || code == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION ||
         code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
         code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED || code == RD_KAFKA_RESP_ERR__INVALID_ARG;
}

Outcome outcome_of(const Publication& p, rd_kafka_resp_err_t code, Judge judge, const ProducerLimits& limits) {
  bool by_client = judge == Judge::client && is_too_large(code);  // librdkafka's text says "Broker:" all the same
  auto why = "topic " + printable(p.target, kMaxTopic) + ": " +
             (by_client ? std::string("Message size too large (") + rd_kafka_err2name(code) + ")" : describe(code, {}));
  if (!is_permanent(code)) return Outcome::away(why);
  // Kafka 4 takes nothing that is stamped more than an hour ahead. Where the message has no time of its own, the client
  // stamped it by the clock of this machine, and that is no fault of the message's.
  if (code == RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP && !has_own_time(p))
    return Outcome::away(why + ": is this machine's clock wrong?");
  return Outcome::refused(why + hint(p, code, judge, limits), cause_of(code));
}

}  // namespace mombridge::kafka
