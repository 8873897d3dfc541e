#include "settings.hpp"

#include <algorithm>
#include <cstdint>
#include <curl/curl.h>
#include <memory>
#include <utility>

namespace http {

using mombridge::sdk::Config;
using mombridge::sdk::ConfigError;
using mombridge::sdk::Reject;

namespace {

constexpr std::string_view kPlace = "{target}";

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

std::string replaced(std::string text, std::string_view value) {
  for (std::size_t at = 0; (at = text.find(kPlace, at)) != std::string::npos; at += value.size()) {
    text.replace(at, kPlace.size(), value);
  }
  return text;
}

std::string encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF", kPlain = "-._~";
  std::string result;
  for (const char c : text) {
    if (is_letter_or_digit(c) || kPlain.find(c) != std::string_view::npos) {
      result += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      result += {'%', kHex[byte / 16], kHex[byte % 16]};
    }
  }
  return result;
}

[[noreturn]] void refuse(std::string_view key, std::string_view expected, std::string_view found) {
  throw ConfigError("config." + std::string(key) + ": expected " + std::string(expected) + ", found '" +
                    std::string(found) + "'");
}

std::string method_of(const Config& config) {
  std::string method = config.get("method", "POST");
  if (method != "POST" && method != "PUT" && method != "PATCH" && method != "DELETE") {
    refuse("method", "POST, PUT, PATCH or DELETE", method);
  }
  return method;
}

// The value is not shown, because it may be a secret.
std::vector<std::string> headers_of(const Config& config) {
  std::vector<std::string> headers = config.list("headers");
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const std::size_t colon = headers[i].find(':');
    if (colon == std::string::npos || !is_header_name(std::string_view(headers[i]).substr(0, colon)) ||
        !is_header_value(headers[i])) {
      throw ConfigError("config.headers." + std::to_string(i) +
                        ": expected a header such as 'Authorization: Bearer …'");
    }
  }
  return headers;
}

template <class T>
T at_least(const Config& config, std::string_view key, T fallback, T least, std::string_view expected) {
  const T value = config.get(key, fallback);
  if (value < least) refuse(key, expected, *config.find(key));
  return value;
}

}  // namespace

bool is_header_name(std::string_view name) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [&](char c) {
    return is_letter_or_digit(c) || kOthers.find(c) != std::string_view::npos;
  });
}

bool is_header_value(std::string_view value) {
  return std::ranges::none_of(value, [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; });
}

UrlTemplate::UrlTemplate(std::string text) : text_(std::move(text)) {
  const std::string sample = replaced(text_, "x");
  if (sample.find_first_of("{}") != std::string::npos) refuse("url", "no place but {target}", text_);
  const std::unique_ptr<CURLU, void (*)(CURLU*)> url(curl_url(), curl_url_cleanup);
  char* scheme = nullptr;
  const bool good = url && curl_url_set(url.get(), CURLUPART_URL, sample.c_str(), 0) == CURLUE_OK &&
                    curl_url_get(url.get(), CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK;
  const std::string name = good ? scheme : "";
  curl_free(scheme);
  if (name != "http" && name != "https") refuse("url", "a URL such as https://api.local/events/{target}", text_);
  char* user = nullptr;
  if (curl_url_get(url.get(), CURLUPART_USER, &user, 0) == CURLUE_OK) {
    curl_free(user);
    throw ConfigError("config.url: a name or password stands under `headers`, as 'Authorization: …'");
  }
  const std::size_t place = text_.find(kPlace);
  const std::size_t path = text_.find_first_of("/?", name.size() + std::string_view("://").size());
  if (place != std::string::npos && (path == std::string::npos || place < path)) {
    throw ConfigError("config.url: {target} may stand in the path and in the query only");
  }
}

std::string UrlTemplate::url(std::string_view target) const {
  if (text_.find(kPlace) == std::string::npos) return text_;
  if (target == "." || target == ".." || target.empty()) {
    throw Reject("the target '" + std::string(target) + "' cannot stand in a URL");
  }
  return replaced(text_, encoded(target));
}

Settings::Settings(const Config& config)
    : url(config.require("url")),
      method(method_of(config)),
      headers(headers_of(config)),
      connections(at_least<std::size_t>(config, "connections", 16, 1, "at least 1")),
      timeout(at_least<std::chrono::milliseconds>(config, "timeout", std::chrono::seconds(25),
                                                  std::chrono::milliseconds(1), "at least 1ms")),
      connect_timeout(at_least<std::chrono::milliseconds>(config, "connect_timeout", std::chrono::seconds(5),
                                                          std::chrono::milliseconds(1), "at least 1ms")),
      max_retry_after(config.get("max_retry_after", std::chrono::minutes(1))),
      max_response(at_least<std::size_t>(config, "max_response", 1 << 20, 1, "at least 1 (bytes)")),
      ca(config.get("ca", "")),
      certificate(config.get("certificate", "")),
      key(config.get("key", "")),
      proxy(config.get("proxy", "")) {
  if (key.empty() != certificate.empty()) throw ConfigError("config: `certificate` and `key` go together");
}

}  // namespace http
