#pragma once
// Tokens for tests.

#include <string>

#include "base/base64url.hpp"

namespace mombridge::token {

/// A JWT with this payload, and a signature that nobody verifies.
inline std::string jwt(const std::string& payload) {
  std::string text;
  base64url_encode(R"({"alg":"HS256"})", text);
  text += '.';
  base64url_encode(payload, text);
  return text + ".c2lnbmF0dXJl";
}

}  // namespace mombridge::token
