#pragma once
// HTTP as text: a request that has arrived whole is read, its response written. Only this file pair knows the library
// that does it, and only of memory: sockets are Connection's.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace mombridge::admin {

struct HttpRequest {
  std::string method = "GET", path;
  std::multimap<std::string, std::string> parameters;  ///< behind the question mark
  std::optional<std::string> host, origin, authorization;
  std::optional<std::string> admin;  ///< Mombridge-Admin: no form of a browser can send it
};

/// Of HttpResponse::type.
inline constexpr const char* kJson = "application/json";
inline constexpr const char* kJsonLines = "application/x-ndjson";

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string type = "text/plain; charset=utf-8";
  std::map<std::string, std::string> headers;  ///< further ones
};

using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

/// `request` ends with the empty line behind its headers. The response to what is no HTTP, or has one of the headers
/// above twice, is a 400 without a call of `handler`. The response says that the connection is closed behind it.
[[nodiscard]] std::string answer_http(std::string_view request, const HttpHandler& handler);

/// The head of a response whose body is what follows until the connection is closed.
[[nodiscard]] std::string stream_head(const char* type);

/// A response of one line, for what is not even read: "HTTP/1.1 408 …".
[[nodiscard]] std::string plain_response(int status, std::string_view reason);

}  // namespace mombridge::admin
