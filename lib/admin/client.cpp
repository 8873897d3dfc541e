#include "admin/client.hpp"

#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <system_error>

#include "admin/socket.hpp"
#include "config/admin.hpp"
#include "config/text.hpp"

namespace mombridge::admin {

namespace {

constexpr int kPatience = 5;  ///< seconds

Result<std::string> read_all(const Fd& fd) {
  std::string all;
  std::array<char, 16384> buffer;
  for (;;) {
    auto n = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
    if (n == 0) return all;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(errno == EAGAIN ? "no answer in time" : std::generic_category().message(errno));
    all.append(buffer.data(), static_cast<size_t>(n));
  }
}

/// What a listener of this program sends: the body's end is the connection's.
Result<std::string> body_of(const std::string& response) {
  auto head = response.find("\r\n\r\n");
  if (!response.starts_with("HTTP/1.1 ") || head == std::string::npos) return fail("the answer is no HTTP");
  auto body = response.substr(head + 4);
  if (response.starts_with("HTTP/1.1 200 ")) return body;
  return fail(response.substr(9, 3) + ": " + body.substr(0, body.find('\n')));
}

Result<std::string> get_from(const config::Listen& listen, const std::string& token, const std::string& path) {
  auto fd = connect_to(listen, kPatience);
  if (!fd) return fail(fd.error());
  std::string request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
  if (!token.empty()) request += "Authorization: Bearer " + token + "\r\n";
  request += "\r\n";
  if (::send(fd->get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    return fail(listen.text + ": " + std::generic_category().message(errno));
  auto response = read_all(*fd);
  if (!response) return fail(response.error().in(listen.text));
  auto body = body_of(*response);
  return body ? body : fail(body.error().in(listen.text));
}

}  // namespace

Result<std::string> get(const config::Config& config, const std::string& path) {
  if (auto* admin = config.admin.get())
    return get_from(admin->listener.listen, admin->token.read().value.reveal(), path);
  std::string tried;
  for (auto& listen : runtime_sockets(config.name)) {
    auto body = get_from(listen, {}, path);
    if (body) return body;
    tried += (tried.empty() ? "" : "; ") + body.error().text;
  }
  return fail("no bridge of the name " + config::in_quotes(config.name) + " answers" +
              (tried.empty() ? "" : " (" + tried + ")"));
}

}  // namespace mombridge::admin
