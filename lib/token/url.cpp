#include "token/url.hpp"

#include <algorithm>
#include <charconv>

namespace mombridge::token {

namespace {

constexpr std::string_view kTls = "https://", kPlain = "http://";

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

bool parse_port(std::string_view text, int& port) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

/// `host`, `host:port`, `[::1]:port`.
Result<> parse_authority(std::string_view text, Url& url) {
  auto rest = text;
  if (text.starts_with('[')) {
    auto end = text.find(']');
    if (end == std::string_view::npos) return fail("a '[' without its ']'");
    url.host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else {
    url.host = text.substr(0, text.find(':'));
    rest = text.substr(url.host.size());
  }
  if (url.host.empty()) return fail("no host");
  if (rest.empty()) return {};
  if (rest[0] != ':' || !parse_port(rest.substr(1), url.port)) return fail("no port between 1 and 65535");
  return {};
}

}  // namespace

std::string Url::authority() const {
  bool usual = port == (tls ? 443 : 80);
  bool ipv6 = host.find(':') != std::string::npos;
  return (ipv6 ? "[" + host + "]" : host) + (usual ? "" : ":" + std::to_string(port));
}

std::string Url::text() const {
  return std::string(tls ? kTls : kPlain) + authority() + path.substr(0, path.find('?'));
}

Result<Url> parse_url(std::string_view text) {
  Url url;
  url.tls = text.starts_with(kTls);
  if (!url.tls && !text.starts_with(kPlain)) return fail("must begin with https://");
  // Control characters and spaces would end the line of the request in which they stand.
  if (std::ranges::any_of(text, [](char c) { return c <= ' ' || c >= 0x7f; })) return fail("only visible ASCII");
  url.port = url.tls ? 443 : 80;
  auto rest = text.substr(url.tls ? kTls.size() : kPlain.size());
  auto authority = rest.substr(0, rest.find_first_of("/?#"));
  if (authority.find('@') != std::string_view::npos) return fail("names a user: client_id and client_secret are keys");
  if (rest.find('#') != std::string_view::npos) return fail("has a fragment, which no endpoint gets");
  if (auto ok = parse_authority(authority, url); !ok) return fail(ok.error());
  if (auto path = rest.substr(authority.size()); !path.empty())
    url.path = path[0] == '/' ? std::string(path) : "/" + std::string(path);
  if (!url.tls && !is_loopback(url.host))
    return fail("the client's secret would cross the network unencrypted: https://, or http:// of this machine alone");
  return url;
}

}  // namespace mombridge::token
