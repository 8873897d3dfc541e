#pragma once
// What a `token:` section says, read by config.cpp.

#include <string>
#include <utility>
#include <vector>

#include "config/live_secret.hpp"
#include "token/url.hpp"

namespace mombridge::token {

/// How the client says to the token endpoint who it is. Source: RFC 6749, section 2.3.1.
enum class ClientAuth {
  basic,  ///< in the header Authorization
  post,   ///< as parameters of the form
};

/// Where tokens come from: a file, or the client credentials grant of OAuth 2 at an endpoint.
struct Settings {
  std::string file;  ///< an absolute path; empty: from `url`
  Url url;
  std::string client_id;
  config::LiveSecret client_secret;
  ClientAuth auth = ClientAuth::basic;
  std::string scope;                                        ///< empty: not sent
  std::vector<std::pair<std::string, std::string>> params;  ///< further parameters of the form, as `audience`
  std::string ca;  ///< the file of the CAs that the endpoint's certificate may be from; empty: the system's
};

}  // namespace mombridge::token
