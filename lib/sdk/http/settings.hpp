#pragma once
// What `config:` of http.so says.

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "mombridge/handler.hpp"

namespace http {

// A URL with places for the message's target: "https://api.local/events/{target}".
class UrlTemplate {
 public:
  // Throws ConfigError where it is no http or https URL, has a name or password, or a place before its path.
  explicit UrlTemplate(std::string text);

  // With everything in `target` percent-encoded that is not a letter, a digit or one of -._~, so that it stays within
  // its place. Throws Reject for a target that would be a step up or none in a path.
  std::string url(std::string_view target) const;

 private:
  std::string text_;
};

struct Settings {
  // Throws ConfigError.
  explicit Settings(const mombridge::sdk::Config& config);

  UrlTemplate url;
  std::string method;
  std::vector<std::string> headers;  // "Name: value"
  std::size_t connections;           // requests at a time
  std::chrono::milliseconds timeout, connect_timeout, max_retry_after;
  std::size_t max_response;          // bytes of a body
  std::string ca, certificate, key;  // files in PEM; empty: the system's CAs, no client certificate
  std::string proxy;                 // empty: none, whatever the environment says
};

// A name that HTTP takes for a header's.
bool is_header_name(std::string_view name);
// A value without control characters, which could begin a header of its own.
bool is_header_value(std::string_view value);

}  // namespace http
