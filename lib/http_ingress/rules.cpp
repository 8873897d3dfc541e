#include "http_ingress/rules.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace mombridge::http_ingress {

namespace {

std::string without_newline(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

std::optional<std::string> text_of(const RequestHead& head, std::string_view name) {
  auto value = head.header(name);
  return value ? std::optional(std::string(*value)) : std::nullopt;
}

}  // namespace

Rules::Rules(std::shared_ptr<const config::Config> config)
    : config_(std::move(config)),
      access_(config_->ingress->listener.listen, config_->ingress->token, !config_->ingress->token.empty()) {}

tl::expected<Address, Answer> Rules::address(const RequestHead& head) const {
  if (auto refusal = refuse(head)) return tl::unexpected(std::move(*refusal));
  auto no = [](int status, End end, const std::string& words) { return tl::unexpected(failure(status, end, words)); };
  if (!kind_of(head.path))
    return no(404, End::invalid,
              "there is nothing here: POST to /v1/publish/BROKER/TARGET or /v1/request/BROKER/TARGET");
  if (head.method != "POST") {
    auto answer = failure(405, End::invalid, "POST is what this takes");
    answer.headers.emplace_back("Allow", "POST");
    return tl::unexpected(std::move(answer));
  }
  auto address = address_of(head);
  if (!address) return no(400, End::invalid, address.error().text);
  auto shown = printable(address->broker, 100) + "/" + printable(address->target, 255);
  if (!ingress().allows(address->broker, address->target))
    return no(404, End::not_allowed, "no line of ingress.allow names " + shown);
  auto& settings = *config_->broker(address->broker)->settings;
  if (std::ranges::find(settings.own_names, address->target) != settings.own_names.end())
    return no(404, End::not_allowed, shown + " is the bridge's own");
  if (auto fault = settings.target_fault(address->target); !fault.empty())
    return no(400, End::invalid, "'" + printable(address->target, 255) + "' " + fault);
  return *address;
}

// What a browser sends on behalf of a strange page says so in its headers: Origin, and where the page has taken a name
// of its own for this address, Host.
std::optional<Answer> Rules::refuse(const RequestHead& head) const {
  auto invalid = [](int status, const std::string& words) { return failure(status, End::invalid, words); };
  for (auto* name : {"Origin", "Authorization"})
    if (head.count(name) > 1) return invalid(400, std::string("the header ") + name + " is there twice");
  if (auto site = head.header("Sec-Fetch-Site"); site && *site != "same-origin" && *site != "none")
    return invalid(403, "the page of another site asks");
  admin::HttpRequest request{.method = head.method,
                             .path = head.path,
                             .parameters = {},
                             .host = text_of(head, "Host"),
                             .origin = text_of(head, "Origin"),
                             .authorization = text_of(head, "Authorization")};
  // No browser speaks HTTP/1.0, which need not say whom it means.
  if (head.http_1_0 && !request.host) request.host = "localhost";
  auto refusal = access_.refuse(request, true);
  if (!refusal) return std::nullopt;
  auto answer = invalid(refusal->status, without_newline(refusal->body));
  for (auto& [name, value] : refusal->headers) answer.headers.emplace_back(name, value);
  return answer;
}

}  // namespace mombridge::http_ingress
