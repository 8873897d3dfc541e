#include "http_ingress/answer.hpp"

#include "base/text.hpp"

namespace mombridge::http_ingress {

namespace {

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Error";
  }
}

}  // namespace

Answer failure(int status, End end, const std::string& words, Arrived arrived) {
  auto body = "{\"error\": " + json_string(kEnds[static_cast<size_t>(end)]) + ", \"message\": " + json_string(words) +
              ", \"delivered\": " + (arrived == Arrived::no ? "\"no\"" : "\"unknown\"") + "}\n";
  return {.status = status, .end = end, .body = std::move(body), .type = "application/json", .headers = {}};
}

Answer try_later(int status, End end, const std::string& words, Arrived arrived) {
  auto answer = failure(status, end, words, arrived);
  answer.headers.emplace_back("Retry-After", "1");
  return answer;
}

std::string http_text(const Answer& answer, bool keep, bool to_head) {
  std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " " + std::string(reason_of(answer.status)) + "\r\n";
  auto add = [&](std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
  };
  // A 204 has no body, and no length either (RFC 9110, 8.6).
  if (answer.status != 204) add("Content-Length", std::to_string(answer.body.size()));
  if (!answer.type.empty()) add("Content-Type", answer.type);
  add("Cache-Control", "no-store");
  add("X-Content-Type-Options", "nosniff");
  for (auto& [name, value] : answer.headers) add(name, value);
  add("Connection", keep ? "keep-alive" : "close");
  text += "\r\n";
  if (!to_head) text += answer.body;
  return text;
}

}  // namespace mombridge::http_ingress
