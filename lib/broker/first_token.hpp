#pragma once
// A token for who logs in once.

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "token/source.hpp"

namespace mombridge {

/// A source that has a token, and keeps it fresh. Fails where there is none to be had, with the reason. Blocks until
/// that is known, at most for `patience`.
Result<std::shared_ptr<token::Source>> first_token(const std::string& broker, const token::Settings& settings,
                                                   Duration patience);

}  // namespace mombridge
