#pragma once
// The fields of a message, by the names that cases use for them.

#include <array>
#include <string_view>

#include "message/message.hpp"

namespace mombridge::cases {

struct Property {
  std::string_view name;
  Message::Text Message::*value;
};

/// The properties that are text.
inline constexpr std::array<Property, 9> kProperties{{{"key", &Message::key},
                                                      {"reply_to", &Message::reply_to},
                                                      {"correlation_id", &Message::correlation_id},
                                                      {"content_type", &Message::content_type},
                                                      {"content_encoding", &Message::content_encoding},
                                                      {"message_id", &Message::message_id},
                                                      {"type", &Message::type},
                                                      {"app_id", &Message::app_id},
                                                      {"expiration", &Message::expiration}}};

/// Where a message was sent to.
inline constexpr std::array<std::string_view, 3> kPlaces{"broker", "target", "exchange"};
/// Absent in a tombstone.
inline constexpr std::string_view kBody = "body";

}  // namespace mombridge::cases
