#include "admin/action.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "config/text.hpp"

namespace mombridge::admin {

namespace {

/// Reading the files of a reload may take 60 s.
constexpr Duration kPatience = std::chrono::seconds(75);
constexpr Duration kLongest = std::chrono::hours(1);
/// For an action that answers when its patience is over.
constexpr Duration kMargin = std::chrono::milliseconds(500);

/// Absent: it is no duration.
std::optional<Duration> patience_of(const HttpRequest& request) {
  auto found = request.parameters.find("timeout");
  if (found == request.parameters.end()) return kPatience;
  auto patience = config::parse_duration(found->second);
  if (!patience || *patience <= Duration::zero()) return std::nullopt;
  return std::min(*patience, kLongest);
}

}  // namespace

void ActionQuestion::ask(const Action& action, HttpRequest request, ActionDone done) {
  auto patience = patience_of(request);
  if (!patience) return done(error_response(400, "'timeout' takes a duration like 10s"));
  auto work = [&action, patience = *patience, request = std::move(request)](const ActionDone& finished) {
    action(request, patience, finished);
  };
  question_.ask(work, *patience + kMargin, error_response(504, "it is not done yet, and goes on"), std::move(done));
}

HttpResponse error_response(int status, const std::string& text) {
  nlohmann::json json{{"error", printable(text)}};
  return {.status = status, .body = json.dump() + "\n", .type = kJson};
}

std::string error_of(const std::string& body) {
  auto json = nlohmann::json::parse(body, nullptr, false);
  if (json.is_object() && json.contains("error") && json["error"].is_string())
    return printable(json["error"].get<std::string>());
  return printable(body.substr(0, body.find('\n')));
}

}  // namespace mombridge::admin
