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

/// Returns true if a header of that name is read as a property of the message. Many an application has headers of these
/// names: the note of their types (message/typed_text.hpp) tells them from the properties.
inline bool is_property(std::string_view name) {
  return name == kType || name == kTimestamp || name == kPriority || name == kExpiration || name == kMessageId ||
         name == kAppId || name == kContentType || name == kContentEncoding;
}

}  // namespace mombridge::kafka::name
