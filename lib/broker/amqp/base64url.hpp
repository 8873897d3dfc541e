#pragma once
// base64url without padding (RFC 4648, section 5): bytes as text that fits an AMQP short string.

#include <optional>
#include <string>
#include <string_view>

namespace mombridge::amqp {

std::string base64url_encode(std::string_view bytes);
/// nullopt where the text is none.
std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace mombridge::amqp
