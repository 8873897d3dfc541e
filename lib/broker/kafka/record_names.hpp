#pragma once
// What the properties of a Message are called among a record's headers.

#include <string_view>

namespace mombridge::kafka::name {

inline constexpr std::string_view kContentType = "content-type";
inline constexpr std::string_view kContentEncoding = "content-encoding";
inline constexpr std::string_view kMessageId = "message-id";
inline constexpr std::string_view kType = "type";
inline constexpr std::string_view kAppId = "app-id";
inline constexpr std::string_view kPriority = "priority";
inline constexpr std::string_view kExpiration = "expiration";
inline constexpr std::string_view kTimestamp = "timestamp";

}  // namespace mombridge::kafka::name
