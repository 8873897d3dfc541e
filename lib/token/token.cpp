#include "token/token.hpp"

#include <algorithm>
#include <cmath>
#include <ctime>

#include <nlohmann/json.hpp>

#include "base/base64url.hpp"

namespace mombridge::token {

namespace {

constexpr size_t kLongest = 64 * 1024;
constexpr double kLastSecond = 253402300799;  // of the year 9999

// NumericDate: seconds since the epoch, perhaps with a fraction (RFC 7519, section 2).
std::optional<int64_t> milliseconds(const nlohmann::json& seconds) {
  if (!seconds.is_number()) return std::nullopt;
  auto value = seconds.get<double>();
  if (!std::isfinite(value)) return std::nullopt;
  return static_cast<int64_t>(std::clamp(value, 0.0, kLastSecond) * 1000);
}

/// The payload of a JWT; a discarded value where it is none.
nlohmann::json claims_of(std::string_view text) {
  auto discarded = nlohmann::json(nlohmann::json::value_t::discarded);
  if (std::ranges::count(text, '.') != 2) return discarded;
  auto first = text.find('.') + 1;
  std::string payload;
  if (!base64url_decode(text.substr(first, text.find('.', first) - first), payload)) return discarded;
  return nlohmann::json::parse(payload, nullptr, false);
}

}  // namespace

Result<Token> read_token(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return fail("it is empty");
  text = text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
  if (text.size() > kLongest) return fail("it is longer than 64 KiB, which no token is");
  if (std::ranges::any_of(text, [](char c) { return c <= ' ' || c >= 0x7f; }))
    return fail("it holds more than one word of visible ASCII characters, which no token does");
  Token token{.text = Secret(std::string(text)), .subject = {}, .ends_ms = {}};
  auto claims = claims_of(text);
  if (!claims.is_object()) return token;
  if (auto end = claims.find("exp"); end != claims.end()) token.ends_ms = milliseconds(*end);
  if (auto subject = claims.find("sub"); subject != claims.end() && subject->is_string())
    token.subject = subject->get<std::string>();
  return token;
}

std::string time_text(int64_t unix_ms) {
  auto seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm parts{};
  char text[32] = "";
  if (!::gmtime_r(&seconds, &parts) || !std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts))
    return std::to_string(unix_ms) + " ms after 1970";
  return text;
}

}  // namespace mombridge::token
