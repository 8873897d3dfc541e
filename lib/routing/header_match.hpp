#pragma once
// What a route asks of one header: `from.headers`.

#include <cstdint>
#include <optional>
#include <string>

#include "config/config.hpp"
#include "message/message.hpp"

namespace mombridge::routing {

/// Immutable; everything may be called from any thread.
class HeaderMatch {
 public:
  explicit HeaderMatch(const config::WantedHeader& wanted);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool accepts(const Message& message) const { return accepts(message.find(name_)); }
  /// `value` is the header's; null: there is none. A value of null counts as none. Numbers and booleans are compared as
  /// people write them; lists and tables equal no text.
  [[nodiscard]] bool accepts(const Value* value) const;

  /// "header kind matches 'order-*'".
  [[nodiscard]] std::string text() const;
  /// "header kind is 'note', and must match 'order-*'"; for a message that it does not accept.
  [[nodiscard]] std::string fault(const Message& message) const;

 private:
  enum class Kind : uint8_t {
    absent,
    present,  ///< whatever its value
    equal,
    glob,
  };

  std::string name_, wanted_;
  Kind kind_;
};

}  // namespace mombridge::routing
