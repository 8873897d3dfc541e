#pragma once
// base64url without padding (RFC 4648, section 5): bytes as text that survives an AMQP short string.

#include <string>
#include <string_view>

namespace mombridge {

/// Appends the text of `bytes` to `out`.
void base64url_encode(std::string_view bytes, std::string& out);

/// Appends the bytes of `text` to `out`. False, and `out` as it was, where `text` is not the one encoding of any bytes:
/// a foreign character, an impossible length, or a bit set that belongs to no byte. So what decodes encodes back to
/// itself.
[[nodiscard]] bool base64url_decode(std::string_view text, std::string& out);

}  // namespace mombridge
