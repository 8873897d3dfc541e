#include "config/listen.hpp"

#include <arpa/inet.h>
#include <sys/un.h>

#include "config/text.hpp"

namespace mombridge::config {

namespace {

constexpr std::string_view kUnix = "unix:";
constexpr size_t kLongestPath = sizeof(sockaddr_un::sun_path) - 1;

Result<Listen> parse_path(Listen listen, const std::string& path) {
  if (!path.starts_with('/')) return fail("has no absolute path");
  if (path.size() > kLongestPath)
    return fail("is too long: the path of a socket has " + std::to_string(kLongestPath) + " bytes at most");
  listen.path = path;
  return listen;
}

}  // namespace

bool is_loopback(std::string_view host) {
  std::string text(host);
  in_addr v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  in6_addr v6{};
  if (::inet_pton(AF_INET6, text.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6);
  return host == "localhost";
}

bool same_place(const Listen& a, const Listen& b) {
  return !a.text.empty() && a.path == b.path && a.host == b.host && a.port == b.port;
}

bool Listen::local() const { return !path.empty() || is_loopback(host); }

Result<Listen> parse_listen(const std::string& text) {
  Listen listen{.text = text};
  if (text.starts_with(kUnix)) return parse_path(std::move(listen), text.substr(kUnix.size()));
  auto colon = text.rfind(':');
  if (colon == std::string::npos) return fail("has no port");
  listen.host = text.substr(0, colon);
  if (listen.host.starts_with('[') && listen.host.ends_with(']'))
    listen.host = listen.host.substr(1, listen.host.size() - 2);
  else if (listen.host.find(':') != std::string::npos)
    return fail("is not an address; an IPv6 address stands in brackets");
  if (listen.host.empty()) return fail("has no host");
  auto port = parse_unsigned(std::string_view(text).substr(colon + 1));
  if (!port || !*port || *port > UINT16_MAX) return fail("has no port from 1 to 65535");
  listen.port = static_cast<uint16_t>(*port);
  return listen;
}

}  // namespace mombridge::config
