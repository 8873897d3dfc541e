#pragma once
// The address of a token endpoint.

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace mombridge::token {

struct Url {
  bool tls = true;
  std::string host;  ///< without the brackets of an IPv6 address
  int port = 443;
  std::string path = "/";  ///< with its query

  /// `host:port`, without the port that is usual.
  [[nodiscard]] std::string authority() const;
  /// `https://host:port/path`, without the query, for logs and errors.
  [[nodiscard]] std::string text() const;
};

/// Takes `https://`, and `http://` of a loopback address only, because the client's secret goes there. No user, no
/// fragment.
Result<Url> parse_url(std::string_view text);

}  // namespace mombridge::token
