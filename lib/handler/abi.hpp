#pragma once
// Between our messages and the ABI's.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "handler/handler.hpp"
#include "message/type_note.hpp"
#include "mombridge/handler.h"

namespace mombridge::handler {

inline std::string_view view(mombridge_slice slice) {
  return slice.data ? std::string_view(static_cast<const char*>(slice.data), slice.size) : std::string_view();
}
inline mombridge_slice slice(std::string_view text) { return {text.data(), text.size()}; }

/// A call as the plugin sees it. The message's views are handed on; values that are not text are written out here, with
/// their types in the header `mombridge-types`.
class AbiMessage {
 public:
  explicit AbiMessage(const Call& call);
  AbiMessage(const AbiMessage&) = delete;
  AbiMessage& operator=(const AbiMessage&) = delete;
  [[nodiscard]] const mombridge_message* get() const { return &message_; }
  /// Copies everything that the message views, so that it may be read when the call has ended. Returns false where
  /// there is no memory for that.
  [[nodiscard]] bool own() noexcept;

 private:
  mombridge_slice value(const Header& header, TypeNoteWriter& types);
  std::string_view keep(std::string text);

  mombridge_message message_{};
  std::vector<mombridge_header> headers_;
  std::vector<std::unique_ptr<std::string>> texts_;
  std::unique_ptr<char[]> owned_;
};

/// How a message that a plugin has made breaks the contract of handler.h, if it does: null, too small, headers or bytes
/// announced that are not there.
Result<> check_contract(const mombridge_message* message);

/// A copy of what a plugin sent or returned; its header `mombridge-types` gives the others their types. `dropped`
/// counts the headers that only brokers and bridges write, which are left out. Fails as check_contract(), and without
/// memory.
Result<std::unique_ptr<OwnedMessage>> copy(const mombridge_message* message, unsigned& dropped);

/// Log text of a status.
std::string_view to_string(mombridge_status status);

}  // namespace mombridge::handler
