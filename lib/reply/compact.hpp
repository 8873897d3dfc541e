#pragma once
// Short forms of what stands in a return path. AMQP gives a correlation id 255 bytes in all, so every common form of
// address and id has one: they are told apart by flags, and what has none stands as it is.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mombridge::reply {

/// The bytes of a form, and the flags that say which one it is. `bytes` views the original or the storage.
struct Compact {
  uint8_t flags = 0;
  std::string_view bytes;
};

/// What the flags hold beside the address's form.
inline constexpr uint8_t kFlagInterned = 0x08, kFlagPartition = 0x10;
inline constexpr uint8_t kAddressFlags = 0x07, kCorrelationFlags = 0xE0;
/// Of an id that has to be encoded again for its requester.
inline constexpr uint8_t kFlagsEncodedId = 0xE0;

/// A well-known prefix is left away and base64url packed (RabbitMQ's server-named queues are 16 bytes so written).
Compact compact_address(std::string_view address, std::string& storage);
/// UUIDs and 32 hex digits become 16 bytes; base64url (a return path of a bridge before this one) is packed. An id that
/// is `encoded` (IdForm::encoded) stands as it is, and says so.
Compact compact_correlation(std::optional<std::string_view> id, bool encoded, std::string& storage);

/// The way back, appended to `out`.
void expand_address(Compact compact, std::string& out);
/// False where compact_correlation() makes no such form. `present` is false where there was no id at all.
[[nodiscard]] bool expand_correlation(Compact compact, std::string& out, bool& present);

}  // namespace mombridge::reply
