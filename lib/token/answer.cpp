#include "token/answer.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace mombridge::token {

namespace {

constexpr double kLongestLife = 10.0 * 365 * 24 * 3600;  // seconds
constexpr size_t kShown = 256;

/// As application/x-www-form-urlencoded has it, with every character escaped that RFC 3986 does not leave unreserved.
std::string encoded(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (letter_or_digit(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
      continue;
    }
    auto byte = static_cast<unsigned char>(c);
    out += {'%', "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15]};
  }
  return out;
}

std::string base64(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j)
      group = group << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0);
    for (size_t j = 0; j < 4; ++j) out += i + j > bytes.size() ? '=' : kDigits[group >> (18 - 6 * j) & 63];
  }
  return out;
}

/// A text of the endpoint's, as it may be shown. Some endpoints repeat what they were sent.
std::string shown(const std::string& text, const Secret& client_secret) {
  auto& secret = client_secret.reveal();
  if (!secret.empty() && text.find(secret) != std::string::npos) return "…";
  return printable(text, kShown);
}

std::string text_of(const nlohmann::json& object, const char* name) {
  if (!object.is_object()) return {};
  auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Some endpoints write the number as a text. What is no life at all says nothing.
std::optional<double> life_of(const nlohmann::json& answer) {
  auto found = answer.find("expires_in");
  if (found == answer.end()) return std::nullopt;
  double seconds = 0;
  if (found->is_number()) {
    seconds = found->get<double>();
  } else if (found->is_string()) {
    auto& text = found->get_ref<const std::string&>();
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  }
  if (!std::isfinite(seconds) || seconds <= 0) return std::nullopt;
  return std::min(seconds, kLongestLife);
}

std::string advice(const std::string& error) {
  if (error == "invalid_client") return ": are client_id and client_secret right?";
  if (error == "unauthorized_client" || error == "unsupported_grant_type")
    return ": may this client use the grant client_credentials?";
  if (error == "invalid_scope") return ": is the scope one that this client may have?";
  return {};
}

Error refusal(const HttpAnswer& answer, const Secret& secret) {
  auto status = std::to_string(answer.status);
  if (answer.status >= 300 && answer.status < 400)
    return {"it answers " + status + ", a redirect, which is not followed: name the endpoint's own address"};
  auto body = nlohmann::json::parse(answer.body, nullptr, false);
  auto error = text_of(body, "error"), description = text_of(body, "error_description");
  auto words = "it answers " + status;
  if (!error.empty()) words += " " + shown(error, secret);
  if (!description.empty()) words += " (" + shown(description, secret) + ")";
  if (error.empty() && answer.status == 401) error = "invalid_client";
  if (error.empty() && answer.status == 404) return {words + ": is the path of the url right?"};
  return {words + advice(error)};
}

}  // namespace

HttpRequest make_request(const Settings& settings, const Secret& client_secret) {
  HttpRequest request{.url = settings.url, .ca = settings.ca, .authorization = {}, .body = {}};
  std::string form = "grant_type=client_credentials";
  auto add = [&](std::string_view name, std::string_view value) {
    form.append("&").append(encoded(name)).append("=").append(encoded(value));
  };
  if (!settings.scope.empty()) add("scope", settings.scope);
  for (auto& [name, value] : settings.params) add(name, value);
  auto& secret = client_secret.reveal();
  if (settings.auth == ClientAuth::basic) {
    request.authorization = Secret("Basic " + base64(encoded(settings.client_id) + ":" + encoded(secret)));
  } else {
    add("client_id", settings.client_id);
    add("client_secret", secret);
  }
  request.body = Secret(std::move(form));
  return request;
}

Result<Token> read_answer(const HttpAnswer& answer, const Secret& client_secret, int64_t now_ms) {
  if (answer.status < 200 || answer.status >= 300) return fail(refusal(answer, client_secret));
  // Its bytes are not shown: they may hold a token.
  auto body = nlohmann::json::parse(answer.body, nullptr, false);
  if (!body.is_object())
    return fail("its answer of " + std::to_string(answer.body.size()) +
                " bytes is no JSON object: is the url that of the token endpoint?");
  auto text = text_of(body, "access_token");
  if (text.empty()) return fail("its answer has no access_token: is the url that of the token endpoint?");
  auto type = text_of(body, "token_type");
  std::ranges::transform(type, type.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  if (!type.empty() && type != "bearer")
    return fail("its tokens are of the type " + shown(type, client_secret) + ", and brokers take bearer tokens alone");
  auto token = read_token(text);
  if (!token) return fail(token.error().in("its access_token cannot be used"));
  if (auto life = life_of(body)) token->ends_ms = now_ms + static_cast<int64_t>(*life * 1000);
  return token;
}

}  // namespace mombridge::token
