#pragma once
// How one connection logs in with a token.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "token/source.hpp"

namespace mombridge::amqp {

/// Knows which token the broker has of this connection, and so whether what the broker forbids may be because of that
/// token's age. Belongs to its loop's thread. Without a source, which is a login by password, none of it applies.
class TokenLogin {
 public:
  /// What is said to a refusal for which run_out() returned true.
  static constexpr const char* kAskedFor = "; a newer token is asked for";

  /// `source` outlives this; null: the section has no `token:`.
  explicit TokenLogin(token::Source* source) : source_(source) {}
  explicit operator bool() const { return source_; }

  /// Fails where there is no token to log in with, or none yet that is newer than the one that the broker refused.
  [[nodiscard]] Result<> ready() const;
  /// The password of a login that begins now. Fails as ready().
  Result<Secret> log_in();
  /// The connection is open, and the broker is to have this token instead of the one that it has; empty: it has the
  /// present one.
  std::optional<Secret> update();

  /// The broker has closed a channel or the connection with this code and these words. Returns true if that may be
  /// because of the token, which is no fault of any message's: then a newer one has been asked for, and the connection
  /// is to log in anew. After a login with a token that is fresh the broker means what it says, unless it says that the
  /// token has ended.
  bool run_out(unsigned code, std::string_view words);

 private:
  token::Source* source_;
  std::optional<token::Present> given_;  ///< what the broker has
  bool updated_ = false;                 ///< it has it by update(): it may not have come to every channel yet
  uint64_t refused_ = 0;                 ///< the number of the last token that the broker refused; 0: none
};

}  // namespace mombridge::amqp
