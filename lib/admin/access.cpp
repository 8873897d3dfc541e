#include "admin/access.hpp"

#include <algorithm>
#include <cctype>

namespace mombridge::admin {

namespace {

constexpr std::string_view kBearer = "bearer ";

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

/// `host` of a Host header or an origin, without its port and without brackets.
std::string name_of(const std::string& host) {
  if (host.starts_with('[')) return host.substr(1, host.find(']') == std::string::npos ? 0 : host.find(']') - 1);
  return host.substr(0, host.rfind(':'));
}

}  // namespace

bool same_secret(std::string_view a, std::string_view b) {
  unsigned char difference = a.size() != b.size();
  // The second text stands in for one of another length, so that the work is the same.
  auto other = a.size() == b.size() ? a : b;
  for (size_t i = 0; i < b.size(); ++i) difference |= static_cast<unsigned char>(other[i] ^ b[i]);
  return difference == 0;
}

std::optional<HttpResponse> Access::refuse(const HttpRequest& request, bool api) const {
  if ((always_ || !listen_.local()) && !has_token(request))
    return HttpResponse{.status = 401,
                        .body = "a token is needed: Authorization: Bearer …\n",
                        .headers = {{"WWW-Authenticate", "Bearer"}}};
  if (!api) return std::nullopt;
  if (listen_.path.empty() && listen_.local() && !(request.host && is_own(*request.host)))
    return HttpResponse{.status = 403, .body = "the Host header names another machine\n"};
  if (request.origin && *request.origin != "http://" + request.host.value_or(""))
    return HttpResponse{.status = 403, .body = "the page of another site asks\n"};
  return std::nullopt;
}

std::optional<HttpResponse> Access::refuse_change(const HttpRequest& request) const {
  bool changes = request.method != "GET" && request.method != "HEAD";
  if (changes && listen_.path.empty() && !request.admin && !has_token(request))
    return HttpResponse{.status = 403, .body = "the token or a header is needed: Mombridge-Admin: 1\n"};
  return std::nullopt;
}

std::optional<HttpResponse> Access::refuse_messages(const HttpRequest& request) const {
  if (listen_.path.empty() && !has_token(request))
    return HttpResponse{.status = 403,
                        .body =
                            "messages are shown with the token of admin.token alone, or through a unix socket: "
                            "admin: {listen: unix:...}, or no admin\n"};
  return std::nullopt;
}

bool Access::has_token(const HttpRequest& request) const {
  auto given = request.authorization.value_or("");
  auto token = token_.read().value;
  return !token.empty() && lower(given.substr(0, kBearer.size())) == kBearer &&
         same_secret(given.substr(kBearer.size()), token.reveal());
}

bool Access::is_own(const std::string& host) const {
  auto name = lower(name_of(host));
  return config::is_loopback(name) || name == lower(listen_.host);
}

}  // namespace mombridge::admin
