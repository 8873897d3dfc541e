#include "admin/tap_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include <nlohmann/json.hpp>

#include "admin/json.hpp"
#include "admin/words.hpp"

namespace mombridge::admin {

namespace {

using Json = OrderedJson;

constexpr const char* kIndent = "    ";

/// "12:04:05.123", in local time.
std::string time_of_day(int64_t unix_ms) {
  auto seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm parts{};
  std::array<char, 16> text{};
  if (!localtime_r(&seconds, &parts) || !std::strftime(text.data(), text.size(), "%H:%M:%S", &parts)) return "?";
  std::array<char, 8> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03d", static_cast<int>(unix_ms % 1000));
  return std::string(text.data()) + fraction.data();
}

std::string word(const Json& value) {
  if (!value.is_string()) return printable(value.dump());
  auto text = printable(value.get<std::string>());
  bool quoted = text.empty() || text.find_first_of(" \"=") != std::string::npos;
  return quoted ? json_string(text) : text;
}

std::string indented(std::string_view text) {
  std::string lines;
  for (;;) {
    auto end = text.find('\n');
    lines += kIndent + printable(text.substr(0, end), 4 * text.size() + 1) + "\n";
    if (end == std::string_view::npos || end + 1 == text.size()) return lines;
    text.remove_prefix(end + 1);
  }
}

std::string headers_of(const Json& json) {
  std::string lines;
  if (auto headers = json.find("headers"); headers != json.end())
    for (auto& header : *headers)
      lines += kIndent + printable(header.at("name").get<std::string>()) + ": " +
               printable(header.at("value").get<std::string>()) + "\n";
  if (auto more = json.find("headers_left_out"); more != json.end())
    lines += kIndent + ("… and " + more->dump()) + " headers more\n";
  return lines;
}

std::string body_of(const Json& json) {
  std::string lines;
  size_t shown = 0;
  if (auto text = json.find("body"); text != json.end()) {
    auto body = text->get<std::string>();
    shown = body.size();
    if (shown) lines = indented(body);
  } else if (auto digits = json.find("body_hex"); digits != json.end()) {
    auto body = digits->get<std::string>();
    shown = body.size() / 2;
    lines = indented("hex " + body);
  } else {
    return lines;
  }
  auto all = json.value("bytes", size_t{0});
  if (shown < all) lines += kIndent + ("… and " + std::to_string(all - shown)) + " bytes more\n";
  return lines;
}

TapLine read(const Json& json) {
  if (json.contains("tap"))
    return {TapLine::Kind::opened, 0, "watching, " + word(json["tap"]) + " messages a second at most\n"};
  if (auto left_out = json.find("not_shown"); left_out != json.end()) {
    auto count = left_out->get<uint64_t>();
    return {TapLine::Kind::left_out, count,
            "… " + std::to_string(count) + " more passed, or became something, and were not shown\n"};
  }
  TapLine line;
  line.message = json.at("message").get<uint64_t>();
  auto event = json.at("event").get<std::string>();
  if (event == "arrived") line.kind = TapLine::Kind::arrived;
  if (json.contains("end")) line.kind = TapLine::Kind::settled;
  line.text =
      time_of_day(json.at("unix_ms").get<int64_t>()) + " #" + std::to_string(line.message) + " " + printable(event);
  for (auto& [name, value] : json.items()) {
    static const std::vector<std::string> kElsewhere{"message", "unix_ms",          "event", "end",
                                                     "headers", "headers_left_out", "body",  "body_hex"};
    if (std::ranges::find(kElsewhere, name) == kElsewhere.end()) line.text += " " + printable(name) + "=" + word(value);
  }
  line.text += "\n" + headers_of(json) + body_of(json);
  return line;
}

}  // namespace

// The library's exceptions end here: another program may be at the bridge's address.
Result<TapLine> read_tap_line(std::string_view line) {
  try {
    return read(Json::parse(line));
  } catch (const nlohmann::json::exception&) {
    return fail("this is no line of a tap: " + printable(line.substr(0, 80)));
  }
}

}  // namespace mombridge::admin
