#pragma once
// The way that a message has come, as its header `mombridge-hops` says: how many bridges it has passed, and by which of
// their routes.
//   mombridge-hops: 2 kT3a9Qxz0fWm_dYp
// The number comes first; then, where a route copied it, eight characters for each of the last routes. Bridges that
// know only the number read it all the same.

#include <array>
#include <string>
#include <string_view>

#include "message/message.hpp"

namespace mombridge::routing {

/// A message that has passed so many bridges is refused as a loop.
inline constexpr int kMaxHops = 8;

/// Stands for one route of one bridge in the header. Two bridges differ in it by name, or by the broker that the route
/// reads, so that a chain of bridges that have one name is no loop.
class RouteMark {
 public:
  static constexpr size_t kSize = 8;
  RouteMark() = default;
  /// `address` is that of the broker that the route reads.
  RouteMark(std::string_view bridge, std::string_view route, std::string_view address);
  [[nodiscard]] std::string_view text() const { return {text_.data(), text_.size()}; }

 private:
  std::array<char, kSize> text_{};
};

/// A view of a message's header; nothing that stands there is trusted for more than to refuse that message.
class Hops {
 public:
  explicit Hops(const Message& message);

  /// How often the message has passed a bridge, up to kMaxHops + 1; what is no number counts as 0.
  [[nodiscard]] int count() const { return count_; }
  /// The message has been copied by that route.
  [[nodiscard]] bool passed(const RouteMark& mark) const;

  using Buffer = std::array<char, 4 + RouteMark::kSize * kMaxHops>;
  /// The header for the next one, in `buffer`: one more, and `mark` behind the others. Without a mark there are none: a
  /// handler's reply is another message, and a dead letter may be sent the same way again.
  std::string_view next(Buffer& buffer, const RouteMark* mark) const;

 private:
  int count_ = 0;
  std::string_view marks_;  ///< whole ones
};

}  // namespace mombridge::routing
