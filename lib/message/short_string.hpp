#pragma once
// How much AMQP's short strings hold. It is known outside of broker/amqp because a message must fit whatever way it
// takes.

#include <cstddef>

namespace mombridge {

/// Bytes of a routing key, the name of a queue or an exchange, a text among the properties, the name of a header.
/// Source: AMQP 0-9-1 specification, 4.2.5.3.
inline constexpr size_t kLongestShortString = 255;

}  // namespace mombridge
