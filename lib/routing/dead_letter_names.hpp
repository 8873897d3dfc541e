#pragma once
// The headers that a dead letter bears about its end, for those who write and who read them. Each begins with
// header::kDeadLetter, so that no destination writes it on.

#include <string_view>

namespace mombridge::routing::dead {

inline constexpr std::string_view kBroker = "mombridge-dead-broker";
inline constexpr std::string_view kSource = "mombridge-dead-source";
inline constexpr std::string_view kTarget = "mombridge-dead-target";
inline constexpr std::string_view kRoute = "mombridge-dead-route";
inline constexpr std::string_view kReason = "mombridge-dead-reason";
inline constexpr std::string_view kExpiration = "mombridge-dead-expiration";
inline constexpr std::string_view kLeftOut = "mombridge-dead-left-out";
inline constexpr std::string_view kAttempts = "mombridge-dead-attempts";
inline constexpr std::string_view kAtMs = "mombridge-dead-at-ms";
inline constexpr std::string_view kPartition = "mombridge-dead-partition";
inline constexpr std::string_view kOffset = "mombridge-dead-offset";
inline constexpr std::string_view kHeadersLeftOut = "mombridge-dead-headers-left-out";
inline constexpr std::string_view kKey = "mombridge-dead-key";
inline constexpr std::string_view kMadeId = "mombridge-dead-made-id";

}  // namespace mombridge::routing::dead
