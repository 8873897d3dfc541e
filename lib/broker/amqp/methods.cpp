#include "broker/amqp/methods.hpp"

#include <array>

#include "broker/amqp/frame_reader.hpp"
#include "broker/amqp/wire.hpp"

namespace mombridge::amqp {

namespace {

// Answers to what a client may ask, and what a server says unasked. Source: AMQP 0-9-1 specification, the methods with
// `<chassis name="client" .../>`; rabbitmq.com/docs/extensions for connection.blocked, basic.nack and confirm.select.
bool sent_by_servers(amqp_method_number_t id) {
  switch (id) {
    case AMQP_CONNECTION_SECURE_METHOD:
    case AMQP_CONNECTION_TUNE_METHOD:
    case AMQP_CONNECTION_OPEN_OK_METHOD:
    case AMQP_CONNECTION_CLOSE_METHOD:
    case AMQP_CONNECTION_CLOSE_OK_METHOD:
    case AMQP_CONNECTION_BLOCKED_METHOD:
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
    case AMQP_CHANNEL_OPEN_OK_METHOD:
    case AMQP_CHANNEL_FLOW_METHOD:
    case AMQP_CHANNEL_FLOW_OK_METHOD:
    case AMQP_CHANNEL_CLOSE_METHOD:
    case AMQP_CHANNEL_CLOSE_OK_METHOD:
    case AMQP_EXCHANGE_DECLARE_OK_METHOD:
    case AMQP_EXCHANGE_DELETE_OK_METHOD:
    case AMQP_EXCHANGE_BIND_OK_METHOD:
    case AMQP_EXCHANGE_UNBIND_OK_METHOD:
    case AMQP_QUEUE_DECLARE_OK_METHOD:
    case AMQP_QUEUE_BIND_OK_METHOD:
    case AMQP_QUEUE_PURGE_OK_METHOD:
    case AMQP_QUEUE_DELETE_OK_METHOD:
    case AMQP_QUEUE_UNBIND_OK_METHOD:
    case AMQP_BASIC_QOS_OK_METHOD:
    case AMQP_BASIC_CONSUME_OK_METHOD:
    case AMQP_BASIC_CANCEL_METHOD:
    case AMQP_BASIC_CANCEL_OK_METHOD:
    case AMQP_BASIC_RETURN_METHOD:
    case AMQP_BASIC_DELIVER_METHOD:
    case AMQP_BASIC_GET_OK_METHOD:
    case AMQP_BASIC_GET_EMPTY_METHOD:
    case AMQP_BASIC_ACK_METHOD:
    case AMQP_BASIC_NACK_METHOD:
    case AMQP_BASIC_RECOVER_OK_METHOD:
    case AMQP_TX_SELECT_OK_METHOD:
    case AMQP_TX_COMMIT_OK_METHOD:
    case AMQP_TX_ROLLBACK_OK_METHOD:
    case AMQP_CONFIRM_SELECT_OK_METHOD:
      return true;
    default:
      return false;
  }
}

std::string cannot_be_decoded(amqp_method_number_t id) {
  return "a method that cannot be decoded (" + std::to_string(id >> 16) + "." + std::to_string(id & 0xffff) + ")";
}

std::string does_not_fit(std::string_view what, size_t frame_max) {
  return "what the bridge has to say does not fit the broker's frame_max of " + std::to_string(frame_max) +
         " bytes: " + std::string(what);
}

}  // namespace

Result<> write_method(Buffer& out, uint16_t channel, amqp_method_number_t id, void* method, size_t frame_max) {
  std::array<char, FrameReader::kOurFrameMax> buffer;
  int size = amqp_encode_method(id, method, {buffer.size(), buffer.data()});
  if (size < 0 || sizeof(uint32_t) + static_cast<size_t>(size) + FrameReader::kOverhead > frame_max)
    return fail(does_not_fit(amqp_method_name(id), frame_max));
  Writer writer(out);
  writer.frame(AMQP_FRAME_METHOD, channel, sizeof(uint32_t) + static_cast<size_t>(size));
  writer.number(static_cast<uint32_t>(id));
  writer.raw({buffer.data(), static_cast<size_t>(size)});
  writer.octet(AMQP_FRAME_END);
  return {};
}

// connection.update-secret: new-secret (longstr), reason (shortstr).
Result<> write_update_secret(Buffer& out, std::string_view secret, std::string_view reason, size_t frame_max) {
  auto size = 2 * sizeof(uint32_t) + secret.size() + 1 + reason.size();
  if (size + FrameReader::kOverhead > frame_max) return fail(does_not_fit("connection.update-secret", frame_max));
  Writer writer(out);
  writer.frame(AMQP_FRAME_METHOD, 0, size);
  writer.number(static_cast<uint32_t>(kUpdateSecretMethod));
  writer.long_string(secret);
  writer.short_string(reason);
  writer.octet(AMQP_FRAME_END);
  return {};
}

MethodBytes split_method(std::string_view payload) {
  Reader in(payload);
  auto id = in.number<uint32_t>();
  return {id, in.ok() ? payload.substr(sizeof id) : std::string_view()};
}

Result<void*> MethodDecoder::decode(amqp_method_number_t id, std::string_view arguments) {
  if (!sent_by_servers(id)) {
    auto* name = amqp_method_name(id);
    return fail(name ? std::string("the broker sent ") + name + ", which only clients send" : cannot_be_decoded(id));
  }
  void* decoded = nullptr;
  recycle_amqp_pool(&pool_);
  if (amqp_decode_method(id, &pool_, bytes(arguments), &decoded) < 0) return fail(cannot_be_decoded(id));
  return decoded;
}

}  // namespace mombridge::amqp
