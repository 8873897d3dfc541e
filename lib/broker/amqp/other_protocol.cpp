#include "broker/amqp/other_protocol.hpp"

#include "base/text.hpp"

namespace mombridge::amqp {

std::string describe_other_protocol(std::string_view bytes) {
  constexpr char kMethodFrame = 0x01, kTlsAlert = 0x15, kTlsHandshake = 0x16;
  if (bytes[0] == kMethodFrame) return {};
  if (bytes.starts_with("AMQP")) return "the broker does not speak AMQP 0-9-1";
  if (bytes[0] == kTlsAlert || bytes[0] == kTlsHandshake)
    return "this port speaks TLS: is it the one for amqps:// (5671)? For amqp:// RabbitMQ usually listens on 5672";
  if (bytes.starts_with("HTTP"))
    return "this port speaks HTTP: is it RabbitMQ's management (15672)? For amqp:// it usually listens on 5672";
  return "this port does not speak AMQP, it says '" + printable(bytes, 32) + "': is this RabbitMQ's port?";
}

std::string describe_not_tls(std::string_view bytes) {
  if (bytes.starts_with("AMQP") || bytes[0] == '\x01')
    return "this port speaks AMQP without TLS: for amqps:// RabbitMQ usually listens on 5671; without TLS the url "
           "begins "
           "with amqp://";
  if (bytes.starts_with("HTTP"))
    return "this port speaks HTTP without TLS: is it RabbitMQ's management (15672)? For amqps:// it usually listens on "
           "5671";
  return "this port does not speak TLS, it says '" + printable(bytes, 32) +
         "': for amqps:// RabbitMQ usually listens on 5671";
}

}  // namespace mombridge::amqp
