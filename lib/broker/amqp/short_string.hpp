#pragma once
// The one limit of AMQP's that names, routing keys and text properties meet.

#include <cstddef>

namespace mombridge::amqp {

/// Bytes of a short string: what names, routing keys, users, vhosts and most properties travel as.
/// Source: AMQP 0-9-1 specification, 4.2.5.3.
inline constexpr size_t kShortStringLimit = 255;

}  // namespace mombridge::amqp
