#pragma once
// A token that something else keeps in a file: Kubernetes, an agent, an operator.

#include <string>

#include "base/result.hpp"
#include "token/token.hpp"

namespace mombridge::token {

/// Reads it. Errors name the path and do not quote the content. [any thread]
Result<Token> read_token_file(const std::string& path);

}  // namespace mombridge::token
