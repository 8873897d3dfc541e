#pragma once
// Which properties a content header carries. Source: AMQP 0-9-1 specification, 4.2.6.1 and the basic class.

#include <cstdint>

namespace mombridge::amqp {

inline constexpr uint16_t kContentType = 1 << 15, kContentEncoding = 1 << 14, kHeaders = 1 << 13,
                          kDeliveryMode = 1 << 12, kPriority = 1 << 11, kCorrelationId = 1 << 10, kReplyTo = 1 << 9,
                          kExpiration = 1 << 8, kMessageId = 1 << 7, kTimestamp = 1 << 6, kType = 1 << 5,
                          kUserId = 1 << 4, kAppId = 1 << 3, kClusterId = 1 << 2;

}  // namespace mombridge::amqp
