#pragma once
// Headers that belong to the broker and cross no border, in neither direction: on the way in they would be a history of
// somewhere else, on the way out they would forge one (x-death), steer the broker (CC), or close the channel (a CC that
// is no array). What a publisher writes for a broker or a plugin to act on (x-delay, x-stream-filter-value) is the
// publisher's own and crosses.
//
// Sources, in rabbitmq-server 3.10 to 4.3: mc_amqpl.erl (every annotation `x-…` of a message is a header for AMQP 0-9-1
// clients; is_internal_header/1; `x-amqp-1.0-…`; `x-cc`), mc.erl (x-death, x-first-death-…, x-last-death-…,
// x-opt-deaths), rabbit_quorum_queue.erl (x-delivery-count; x-acquired-count since 4.3), rabbit_stream_queue.erl
// (x-stream-offset), rabbit_basic.erl (x-invalid-headers), the federation plugin (x-received-from), shovels
// (x-shovelled…, x-opt-shovel…), the MQTT plugin (x-mqtt-…, x-opt-mqtt-…), and the message interceptors, which stamp
// x-routed-by and x-opt-rabbitmq-….

#include <string_view>

namespace mombridge {

/// By an AMQP header's name, which a record of Kafka may bear too. Names are compared exactly, as brokers do.
inline bool broker_owned(std::string_view name) {
  constexpr size_t kShortest = 4;  // x-cc
  if (!name.starts_with("x-")) return name == "CC" || name == "BCC";
  if (name.size() < kShortest) return false;
  switch (name[2]) {
    case 'a':
      return name == "x-acquired-count" || name.starts_with("x-amqp-1.0-");
    case 'b':
      return name == "x-basic-delivery-mode" || name == "x-basic-expiration" || name == "x-basic-priority" ||
             name == "x-basic-type";
    case 'c':
      return name == "x-cc";
    case 'd':
      return name.starts_with("x-death") || name == "x-delivery-count";
    case 'e':
      return name == "x-exchange";
    case 'f':
      return name.starts_with("x-first-death-");
    case 'i':
      return name == "x-invalid-headers";
    case 'l':
      return name.starts_with("x-last-death-");
    case 'm':
      return name == "x-mqtt-dup" || name == "x-mqtt-publish-qos";
    case 'o':
      return name == "x-opt-deaths" || name.starts_with("x-opt-mqtt-") || name.starts_with("x-opt-rabbitmq-") ||
             name.starts_with("x-opt-shovel");
    case 'r':
      return name == "x-received-from" || name == "x-routed-by" || name == "x-routing-key";
    case 's':
      return name == "x-shovelled" || name == "x-shovelled-timestamp" || name == "x-stream-offset";
    default:
      return false;
  }
}

}  // namespace mombridge
