#include "base/base64url.hpp"

#include <array>
#include <cstdint>

namespace mombridge {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr uint8_t kForeign = 0x80;

constexpr auto kValues = [] {
  std::array<uint8_t, 256> values{};
  values.fill(kForeign);
  for (size_t i = 0; i < kAlphabet.size(); ++i) values[static_cast<uint8_t>(kAlphabet[i])] = static_cast<uint8_t>(i);
  return values;
}();

}  // namespace

void base64url_encode(std::string_view bytes, std::string& out) {
  size_t begin = out.size();
  out.resize(begin + (bytes.size() * 4 + 2) / 3);
  char* to = out.data() + begin;
  uint32_t bits = 0;
  int have = 0;
  for (char c : bytes) {
    bits = bits << 8 | static_cast<uint8_t>(c);
    for (have += 8; have >= 6; have -= 6) *to++ = kAlphabet[bits >> (have - 6) & 63];
  }
  if (have) *to = kAlphabet[bits << (6 - have) & 63];
}

bool base64url_decode(std::string_view text, std::string& out) {
  if (text.size() % 4 == 1) return false;
  size_t begin = out.size();
  out.resize(begin + text.size() * 3 / 4);
  char* to = out.data() + begin;
  uint32_t bits = 0, foreign = 0;
  int have = 0;
  for (char c : text) {
    uint8_t value = kValues[static_cast<uint8_t>(c)];
    foreign |= value;
    bits = bits << 6 | (value & 63u);
    if ((have += 6) >= 8) *to++ = static_cast<char>(bits >> (have -= 8));
  }
  bool one = !(foreign & kForeign) && !(bits & ((1u << have) - 1));
  if (!one) out.resize(begin);
  return one;
}

}  // namespace mombridge
