#pragma once
// Headers that belong to the broker and cross no border, in neither direction: on the way in they would be a history of
// somewhere else, on the way out they would forge one (x-death), steer the broker (CC), or close the channel (a CC that
// is no array).

#include <string_view>

namespace mombridge {

/// By an AMQP header's name, which a record of Kafka may bear too.
inline bool broker_owned(std::string_view name) {
  if (name.empty() || (name[0] != 'x' && name[0] != 'C' && name[0] != 'B')) return false;
  return name == "CC" || name == "BCC" || name.starts_with("x-death") || name.starts_with("x-first-death-") ||
         name.starts_with("x-last-death-") || name == "x-delivery-count" || name == "x-received-from" ||
         name == "x-stream-offset" || name == "x-acquired-count";
}

}  // namespace mombridge
