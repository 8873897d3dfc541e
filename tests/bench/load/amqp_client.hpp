#pragma once
// What the plain AMQP clients share.

#include <string>

#include "../../faults/load/amqp_link.hpp"
#include "exchange.hpp"

namespace load {

using faults::AmqpLink;
using faults::bytes;
using faults::text;

inline constexpr amqp_channel_t kChannel = 1;
inline constexpr uint8_t kPersistent = 2;

inline void connect(AmqpLink& link, const std::string& url) {
  if (!link.open(url)) give_up("cannot connect to " + url);
}

}  // namespace load
