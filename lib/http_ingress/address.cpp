#include "http_ingress/address.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "config/text.hpp"

namespace mombridge::http_ingress {

namespace {

constexpr std::string_view kPublish = "/v1/publish/";
constexpr std::string_view kRequest = "/v1/request/";
constexpr std::string_view kTimeout = "timeout=";
constexpr Duration kLongest = std::chrono::hours(1);

Result<Duration> timeout_of(std::string_view text) {
  auto timeout = config::parse_duration(text);
  if (timeout && *timeout > Duration::zero() && *timeout <= kLongest) return *timeout;
  return fail("timeout is a duration from 1ms to 1h, as in ?timeout=2s");
}

Result<> read_parameters(std::string_view query, Address& into) {
  while (!query.empty()) {
    auto end = std::min(query.find('&'), query.size());
    auto parameter = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (parameter.empty()) continue;
    if (!parameter.starts_with(kTimeout))
      return fail("unknown parameter '" + printable(parameter, 64) + "': there is timeout, as in ?timeout=2s");
    auto timeout = timeout_of(parameter.substr(kTimeout.size()));
    if (!timeout) return fail(timeout.error());
    into.timeout = *timeout;
  }
  return {};
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size() || hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0) return std::nullopt;
    decoded += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
    i += 2;
  }
  return decoded;
}

std::optional<Kind> kind_of(std::string_view path) {
  if (path.starts_with(kPublish)) return Kind::publish;
  return path.starts_with(kRequest) ? std::optional(Kind::request) : std::nullopt;
}

Result<Address> address_of(const RequestHead& head) {
  Address address{.kind = *kind_of(head.path), .broker = {}, .target = {}, .timeout = {}};
  auto rest = std::string_view(head.path).substr(kPublish.size());
  auto slash = rest.find('/');
  auto broker = percent_decoded(rest.substr(0, slash));
  auto target = slash == std::string_view::npos ? std::nullopt : percent_decoded(rest.substr(slash + 1));
  if (!broker || broker->empty() || !target || target->empty())
    return fail("the path is BROKER/TARGET behind " + std::string(kPublish) +
                ", percent-encoded, as in /v1/publish/shop/order.created");
  address.broker = std::move(*broker);
  address.target = std::move(*target);
  if (auto ok = read_parameters(head.query, address); !ok) return fail(ok.error());
  return address;
}

}  // namespace mombridge::http_ingress
