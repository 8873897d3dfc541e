#include "admin/http.hpp"

#include <algorithm>
#include <exception>
#include <httplib.h>

#include "base/log.hpp"

namespace mombridge::admin {

namespace {

/// A request and its response in memory.
class MemoryStream final : public httplib::Stream {
 public:
  explicit MemoryStream(std::string_view in) : in_(in) {}

  [[nodiscard]] bool is_readable() const override { return !in_.empty(); }
  [[nodiscard]] bool is_writable() const override { return true; }
  ssize_t read(char* to, size_t size) override {
    size = std::min(size, in_.size());
    in_.copy(to, size);
    in_.remove_prefix(size);
    return static_cast<ssize_t>(size);
  }
  ssize_t write(const char* from, size_t size) override {
    out.append(from, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  [[nodiscard]] socket_t socket() const override { return 0; }

  std::string out;

 private:
  std::string_view in_;
};

/// The library's server without its sockets and threads.
class Exchange final : private httplib::Server {
 public:
  explicit Exchange(const HttpHandler& handler) {
    // Before the library's own routing, which goes by regular expressions and would read a body first.
    set_pre_routing_handler([this, &handler](const httplib::Request& request, httplib::Response& response) {
      respond(handler, request, response);
      return HandlerResponse::Handled;
    });
  }

  std::string run(std::string_view text) {
    MemoryStream stream(text);
    bool closed = false;
    // Compressing would cost more than it saves, and no part of a response is of use.
    process_request(stream, true, closed, [](httplib::Request& request) {
      for (auto* name : {"Accept-Encoding", "Range", "Expect"}) request.headers.erase(name);
      request.ranges.clear();
    });
    return std::move(stream.out);
  }

 private:
  void respond(const HttpHandler& handler, const httplib::Request& from, httplib::Response& to) {
    HttpRequest request{.method = from.method, .path = from.path, .parameters = from.params};
    bool twice = false;
    auto header = [&](const char* name) -> std::optional<std::string> {
      auto count = from.get_header_value_count(name);
      twice |= count > 1;
      return count ? std::optional(from.get_header_value(name)) : std::nullopt;
    };
    request.host = header("Host");
    request.origin = header("Origin");
    request.authorization = header("Authorization");
    request.admin = header("Mombridge-Admin");
    auto response = twice ? HttpResponse{.status = 400, .body = "a header is there twice\n"} : handler(request);
    to.status = response.status;
    to.set_header("Cache-Control", "no-store");
    to.set_header("X-Content-Type-Options", "nosniff");
    for (auto& [name, value] : response.headers) to.set_header(name, value);
    to.set_content(std::move(response.body), response.type);
  }
};

}  // namespace

// The library's exceptions end here, because what a stranger sends must not end the process.
std::string answer_http(std::string_view request, const HttpHandler& handler) {
  try {
    auto response = Exchange(handler).run(request);
    return response.empty() ? plain_response(400, "Bad Request") : response;
  } catch (const std::exception& e) {
    static log::Repeated line;
    line.event(log::Level::error, "an HTTP request could not be answered", {{"reason", e.what()}});
    return plain_response(500, "Internal Server Error");
  }
}

std::string stream_head(const char* type) {
  return "HTTP/1.1 200 OK\r\nContent-Type: " + std::string(type) +
         "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n";
}

std::string plain_response(int status, std::string_view reason) {
  std::string body(reason);
  body += '\n';
  return "HTTP/1.1 " + std::to_string(status) + " " + std::string(reason) +
         "\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + body;
}

}  // namespace mombridge::admin
