#include <algorithm>

#include "base/text.hpp"
#include "broker/amqp/config.hpp"
#include "config/text.hpp"
#include "message/short_string.hpp"

namespace mombridge::amqp {

namespace {

Result<std::string> decoded(std::string_view text, const char* part) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i];
      continue;
    }
    int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1, low = high < 0 ? -1 : hex_value(text[i + 2]);
    if (low < 0) return fail(std::string("a '%' without two hexadecimal digits in the ") + part);
    result += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (result.size() > kLongestShortString) return fail(std::string("the ") + part + " is longer than 255 bytes");
  if (std::ranges::any_of(result, [](char c) { return static_cast<unsigned char>(c) < 0x20; }))
    return fail(std::string("a control character in the ") + part);
  return result;
}

Result<void> read_user(std::string_view info, ParsedUrl& into) {
  auto colon = info.find(':');
  auto user = decoded(info.substr(0, colon), "user name");
  if (!user) return fail(user.error());
  into.user = true;
  into.endpoint.user = *user;
  if (colon == std::string_view::npos) return {};
  auto password = decoded(info.substr(colon + 1), "password");
  if (!password) return fail(password.error());
  into.password = true;
  into.endpoint.password = Secret(*password);
  return {};
}

bool host_character(char c) { return letter_or_digit(c) || c == '-' || c == '.' || c == '_'; }

// `[::1]:5672`, `rabbit.local:5672`, either without the port.
Result<void> read_address(std::string_view address, Endpoint& into) {
  std::string_view host = address, port;
  if (address.starts_with('[')) {
    auto end = address.find(']');
    if (end == std::string_view::npos) return fail("a '[' without its ']'");
    host = address.substr(1, end - 1);
    port = address.substr(end + 1);
    auto fits = [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.' || c == '%' || host_character(c); };
    if (host.find(':') == std::string_view::npos || !std::ranges::all_of(host, fits))
      return fail("no IPv6 address between '[' and ']'");
  } else {
    auto colon = address.find(':');
    host = address.substr(0, colon);
    if (colon != std::string_view::npos) port = address.substr(colon);
    if (port.find(':', 1) != std::string_view::npos)
      return fail("more than one ':' after the host (IPv6 addresses go in brackets)");
    if (!std::ranges::all_of(host, host_character)) return fail("not a host name");
  }
  if (host.empty()) return fail("no host");
  into.host = host;
  if (port.empty()) return {};
  auto number = port[0] == ':' ? config::parse_unsigned(port.substr(1)) : std::nullopt;
  if (!number || *number < 1 || *number > 65535) return fail("the port is not a number from 1 to 65535");
  into.port = std::to_string(*number);
  return {};
}

}  // namespace

Result<ParsedUrl> parse_url(std::string_view url) {
  ParsedUrl result;
  auto separator = url.find("://");
  auto scheme = url.substr(0, separator);
  if (separator == std::string_view::npos || (scheme != "amqp" && scheme != "amqps"))
    return fail("does not begin with amqp:// or amqps://");
  result.tls = scheme == "amqps";
  if (result.tls) result.endpoint.port = kTlsPort;
  url.remove_prefix(scheme.size() + 3);

  auto slash = url.find('/');
  auto authority = url.substr(0, slash);
  if (auto at = authority.rfind('@'); at != std::string_view::npos) {
    if (auto read = read_user(authority.substr(0, at), result); !read) return fail(read.error());
    authority.remove_prefix(at + 1);
  } else if (url.find('@') != std::string_view::npos) {
    return fail("a '/' before the '@': in a password it is written %2F");
  }
  if (auto read = read_address(authority, result.endpoint); !read) return fail(read.error());

  auto path = slash == std::string_view::npos ? "" : url.substr(slash + 1);
  if (path.empty()) return result;
  if (path.find_first_of("?#") != std::string_view::npos)
    return fail("'?' and '#' are not supported: what they would set has keys of its own");
  if (path.find('/') != std::string_view::npos)
    return fail("more than one '/' after the host: in a vhost it is written %2F");
  auto vhost = decoded(path, "vhost");
  if (!vhost) return fail(vhost.error());
  result.endpoint.vhost = *vhost;
  return result;
}

}  // namespace mombridge::amqp
