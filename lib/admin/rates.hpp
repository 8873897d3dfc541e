#pragma once
// What a bridge does in a second, as tables for people: the difference of two answers of /api/v1/status.

#include <string>

#include "base/result.hpp"

namespace mombridge::admin {

/// `before` is an earlier answer of the same bridge; where it is empty or of an earlier process, rates are shown as
/// "-". What does most stands first. Fails where one of them is no status, as from another program at that address.
[[nodiscard]] Result<std::string> rate_tables(const std::string& before, const std::string& now);

}  // namespace mombridge::admin
