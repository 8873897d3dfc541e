#pragma once
// A token that brokers take as a login.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace mombridge::token {

struct Token {
  Secret text;
  std::string subject;             ///< who it stands for, by its claim `sub`; empty: it does not say
  std::optional<int64_t> ends_ms;  ///< by the wall clock, as unix_ms(); absent: it does not say
};

/// The token that a text holds, without white space around it. Fails where it cannot be one; the words do not quote it.
/// Where it is a JWT its claims `sub` and `exp` are taken in. They are not verified: that is the broker's part.
Result<Token> read_token(std::string_view text);

/// "2026-01-31T12:00:00Z".
std::string time_text(int64_t unix_ms);

}  // namespace mombridge::token
