#include "admin/endpoints.hpp"

#include "admin/metrics.hpp"
#include "admin/page.hpp"
#include "base/text.hpp"
#include "broker/supervisor.hpp"

namespace mombridge::admin {

namespace {

constexpr std::string_view kApi = "/api/";
constexpr std::string_view kStatus = "/api/v1/status";
constexpr std::string_view kMetrics = "/metrics";
constexpr std::string_view kTap = "/api/v1/tap";

HttpResponse no_answer() { return {.status = 503, .body = "the bridge's main loop does not answer\n"}; }

/// A loop that does not answer in time has work; one that is stuck does not come back.
HttpResponse live(const Status* status, bool main_stuck) {
  auto why = status ? printable(status->not_live) : main_stuck ? "the main loop is stuck" : "";
  return why.empty() ? HttpResponse{.body = "ok\n"} : HttpResponse{.status = 503, .body = why + "\n"};
}

std::string line_of(const Status::Link& link, bool details) {
  auto& status = link.status;
  std::string text = status.state == LinkStatus::State::up ? "[+] " : "[-] ";
  text += link.broker + " " + printable(status.link) + ": " + std::string(to_string(status.state));
  if (details && !status.detail.empty()) text += ": " + printable(status.detail);
  return text + "\n";
}

}  // namespace

std::string Endpoints::answer(std::string_view request, const Status* status, bool main_stuck) const {
  return answer_http(request, [&](const HttpRequest& asked) { return respond(asked, status, main_stuck); });
}

Endpoints::Asked Endpoints::asked(std::string_view request) const {
  Asked found;
  (void)answer_http(request, [&](const HttpRequest& read) {
    found = asked(read);
    return HttpResponse{};
  });
  return found;
}

Endpoints::Asked Endpoints::asked(const HttpRequest& request) const {
  if (!access_) return {.figures = request.path == kMetrics};
  if (access_->refuse(request, request.path.starts_with(kApi))) return {};
  if (request.method == "POST") {
    auto found = actions_.find(request.path);
    if (found == actions_.end() || access_->refuse_change(request)) return {};
    return {.request = request, .action = &found->second};
  }
  if (request.path == kTap) {
    bool may = request.method == "GET" && !access_->refuse_messages(request);
    return {.request = request, .tap = may};
  }
  return {.figures = request.path == kMetrics || request.path == kStatus};
}

HttpResponse Endpoints::respond(const HttpRequest& request, const Status* status, bool main_stuck) const {
  bool is_page = request.path == "/";
  if (access_)
    if (auto refusal = access_->refuse(request, is_page || request.path.starts_with(kApi))) {
      bool may_ask = is_page && refusal->status == 401 && request.method == "GET";
      return may_ask ? page_for_the_token() : std::move(*refusal);
    }
  if (access_ && request.path.starts_with(kApi))
    if (auto refusal = access_->refuse_change(request)) return std::move(*refusal);
  if (access_ && request.path == kTap) {
    if (request.method != "GET")
      return {.status = 405, .body = "GET is what this takes\n", .headers = {{"Allow", "GET"}}};
    return access_->refuse_messages(request).value_or(HttpResponse{.status = 400});
  }
  if (actions_.contains(request.path))
    return {.status = 405, .body = "POST is what this takes\n", .headers = {{"Allow", "POST"}}};
  bool known = request.path == "/livez" || request.path == "/readyz" || request.path == kMetrics ||
               (access_ && (is_page || request.path == kStatus));
  if (!known) return {.status = 404, .body = "there is nothing here\n"};
  if (request.method != "GET" && request.method != "HEAD")
    return {.status = 405, .body = "GET is what this takes\n", .headers = {{"Allow", "GET, HEAD"}}};
  if (request.path == "/livez") return live(status, main_stuck);
  if (is_page) return page(status);
  if (!status) return no_answer();
  if (request.path == "/readyz") return ready(request, *status);
  if (request.path == kMetrics) return {.body = metrics_text(*status), .type = kMetricsType};
  return {.body = to_json(*status), .type = kJson};
}

// Everybody may ask `probes:`: what brokers say of themselves stays out of it.
HttpResponse Endpoints::ready(const HttpRequest& request, const Status& status) const {
  HttpResponse response{.status = status.ready() ? 200 : 503};
  if (request.parameters.contains("verbose"))
    for (auto& link : status.links) response.body += line_of(link, access_.has_value());
  if (status.draining) response.body += "[-] the bridge is draining\n";
  response.body += status.ready() ? "ready\n" : "not ready\n";
  return response;
}

}  // namespace mombridge::admin
