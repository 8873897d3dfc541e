#pragma once
// Errors are values. An Error says what went wrong and, as it rises, where: each level may put its context in front.

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace mombridge {

struct Error {
  std::string text;
  bool vague = false;  ///< says that something ended, and not why: a reason that is known is worth more

  /// The same error with `context: ` in front.
  [[nodiscard]] Error in(std::string_view context) const { return {std::string(context) + ": " + text, vague}; }
};

template <class T = void>
using Result = tl::expected<T, Error>;

/// `return fail("no such file");` from any function that returns a Result.
[[nodiscard]] inline tl::unexpected<Error> fail(std::string text) {
  return tl::unexpected<Error>(Error{std::move(text)});
}
[[nodiscard]] inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace mombridge
