#pragma once
// A subscription's `target_from: header:NAME`.

#include <string_view>

#include "message/message.hpp"

namespace mombridge::source {

/// Makes the text of the last header called `header` the message's target. The message keeps its target where the name
/// is empty or where there is no such header with a text.
inline void take_target_from(std::string_view header, Message& message) {
  if (header.empty()) return;
  if (auto* value = message.find(header); value && value->is_text()) message.target = value->text;
}

}  // namespace mombridge::source
