#include "base/text.hpp"

#include <cstdint>
#include <cstdio>
#include <cstring>

namespace mombridge {

namespace {

/// Length of the well-formed UTF-8 sequence at the start of `s`, 0 where there is none. Source: RFC 3629, section 4.
size_t sequence(std::string_view s) {
  auto byte = [&](size_t i) { return i < s.size() ? static_cast<uint8_t>(s[i]) : 0; };
  auto tail = [&](size_t i, int low = 0x80, int high = 0xBF) { return byte(i) >= low && byte(i) <= high; };
  uint8_t b = byte(0);
  if (b < 0x80) return 1;
  if (b >= 0xC2 && b <= 0xDF) return tail(1) ? 2 : 0;
  if (b >= 0xE0 && b <= 0xEF) return tail(1, b == 0xE0 ? 0xA0 : 0x80, b == 0xED ? 0x9F : 0xBF) && tail(2) ? 3 : 0;
  if (b >= 0xF0 && b <= 0xF4)
    return tail(1, b == 0xF0 ? 0x90 : 0x80, b == 0xF4 ? 0x8F : 0xBF) && tail(2) && tail(3) ? 4 : 0;
  return 0;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  if (is_ascii(bytes)) return true;
  constexpr size_t kStep = 8;  // what is_ascii() looks at in one go
  while (!bytes.empty()) {
    auto step = bytes.substr(0, kStep);
    size_t n = is_ascii(step) ? step.size() : sequence(bytes);
    if (!n) return false;
    bytes.remove_prefix(n);
  }
  return true;
}

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string text;
  for (auto& part : parts) {
    if (&part != &parts.front()) text += between;
    text += part;
  }
  return text;
}

std::string hex(std::string_view bytes) {
  std::string text;
  for (unsigned char c : bytes) text += {kHexDigits[c >> 4], kHexDigits[c & 15]};
  return text;
}

std::string printable(std::string_view bytes, size_t longest) {
  std::string out;
  char escape[8];
  while (!bytes.empty()) {
    if (out.size() >= longest) return out += "…";
    size_t n = sequence(bytes);
    auto b = static_cast<uint8_t>(bytes[0]);
    // U+0080 to U+009F steer terminals, too.
    bool control = b < 0x20 || b == 0x7F || (n == 2 && b == 0xC2 && static_cast<uint8_t>(bytes[1]) < 0xA0);
    if (!n || control) {
      std::snprintf(escape, sizeof escape, "\\x%02x", b);
      out += escape;
      n = 1;
    } else {
      out.append(bytes.substr(0, n));
    }
    bytes.remove_prefix(n);
  }
  return out;
}

std::string json_string(std::string_view bytes) {
  std::string out = "\"";
  char escape[8];
  while (!bytes.empty()) {
    size_t n = sequence(bytes);
    auto b = static_cast<uint8_t>(bytes[0]);
    if (!n) {
      out += "\xEF\xBF\xBD";
      n = 1;
    } else if (b == '"' || b == '\\') {
      out.append("\\").append(1, bytes[0]);
    } else if (b < 0x20 || b == 0x7F) {
      std::snprintf(escape, sizeof escape, "\\u%04x", b);
      out += escape;
    } else {
      out.append(bytes.substr(0, n));
    }
    bytes.remove_prefix(n);
  }
  return out += '"';
}

}  // namespace mombridge
