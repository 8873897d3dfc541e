// The instance's own `config:` map, with types.
#pragma once

#include <charconv>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "mombridge/handler.h"
#include "mombridge/sdk/message.hpp"

namespace mombridge::sdk {

// Something is wrong with `config:`. Thrown out of a handler's constructor it becomes the error that `check` shows.
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Reads scalars by dotted path: get("db.path", "/srv/x"), get("hosts.0", ""). [thread-safe], but read in the
// handler's constructor, so that `mombridge check` finds what is wrong. Throws ConfigError.
class Config {
 public:
  explicit Config(const mombridge_host& host) noexcept : host_(&host) {}

  // The text as it stands, valid as long as the handler; nothing if there is no such key.
  std::optional<std::string_view> find(std::string_view path) const noexcept {
    mombridge_slice out{};
    if (host_->config_get(host_->ctx, slice(path), &out) != MOMBRIDGE_OK) return std::nullopt;
    return view(out);
  }

  std::string get(std::string_view path, std::string_view fallback) const {
    return std::string(find(path).value_or(fallback));
  }
  // Numbers and booleans (true, false). A value that is there but does not fit is an error, not the fallback.
  template <class T>
  requires std::is_arithmetic_v<T> T get(std::string_view path, T fallback)
  const {
    const auto text = find(path);
    return text ? parse<T>(path, *text) : fallback;
  }
  // With a unit, as everywhere in the file: 250ms, 10s, 5m, 1h.
  std::chrono::milliseconds get(std::string_view path, std::chrono::milliseconds fallback) const {
    const auto text = find(path);
    return text ? parse<std::chrono::milliseconds>(path, *text) : fallback;
  }

  // A key that must be there: require("db.path"), require<int>("port").
  template <class T = std::string>
  T require(std::string_view path) const {
    const auto text = find(path);
    if (!text) throw ConfigError("config: missing key '" + std::string(path) + "'");
    return parse<T>(path, *text);
  }

  // The elements of a list of scalars; empty if there is none.
  std::vector<std::string> list(std::string_view path) const {
    std::vector<std::string> all;
    while (const auto text = find(std::string(path) + "." + std::to_string(all.size()))) all.emplace_back(*text);
    return all;
  }

 private:
  [[noreturn]] static void refuse(std::string_view path, std::string_view expected, std::string_view found) {
    throw ConfigError("config." + std::string(path) + ": expected " + std::string(expected) + ", found '" +
                      std::string(found) + "'");
  }

  template <class T>
  static T parse(std::string_view path, std::string_view text) {
    if constexpr (std::is_same_v<T, std::string>) {
      return std::string(text);
    } else if constexpr (std::is_same_v<T, bool>) {
      if (text != "true" && text != "false") refuse(path, "true or false", text);
      return text == "true";
    } else if constexpr (std::is_same_v<T, std::chrono::milliseconds>) {
      return duration(path, text);
    } else {
      T value{};
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error == std::errc::result_out_of_range) refuse(path, "a smaller number", text);
      if (error != std::errc{} || end != text.data() + text.size()) {
        refuse(path, std::is_floating_point_v<T> ? "a number" : "a whole number", text);
      }
      return value;
    }
  }

  static std::chrono::milliseconds duration(std::string_view path, std::string_view text) {
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
    const std::int64_t factor = unit == "ms"  ? 1
                                : unit == "s" ? 1000
                                : unit == "m" ? 60'000
                                : unit == "h" ? 3'600'000
                                              : 0;
    if (error != std::errc{} || factor == 0 || number < 0 ||
        number > std::numeric_limits<std::int64_t>::max() / factor) {
      refuse(path, "a duration such as 250ms, 10s, 5m or 1h", text);
    }
    return std::chrono::milliseconds(number * factor);
  }

  const mombridge_host* host_;
};

}  // namespace mombridge::sdk
