#include "reply/compact.hpp"

#include <algorithm>
#include <array>

#include "base/base64url.hpp"
#include "base/text.hpp"

namespace mombridge::reply {

namespace {

/// By flag. RabbitMQ's server-named queues, its direct reply-to, and Spring's Base64UrlNamingStrategy.
constexpr std::array<std::string_view, 4> kPrefixes{"", "amq.gen-", "amq.rabbitmq.reply-to.", "spring.gen-"};
constexpr uint8_t kPrefixFlags = 0x03, kPackedFlag = 0x04;

enum class Form : uint8_t { none, raw, uuid_lower, uuid_upper, hex_lower, hex_upper, base64url, encoded };

constexpr uint8_t flag(Form form) { return static_cast<uint8_t>(static_cast<uint8_t>(form) << 5); }

static_assert(flag(Form::encoded) == kFlagsEncodedId);

constexpr bool has_dash(size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

int digit(char c, bool upper) {
  bool letter = c > '9';
  return letter && (c < 'a') != upper ? -1 : hex_value(c);
}

bool pack_hex(std::string_view text, bool dashes, bool upper, std::string& out) {
  int high = -1;
  for (size_t i = 0; i < text.size(); ++i) {
    if (dashes && has_dash(i)) {
      if (text[i] != '-') return false;
      continue;
    }
    int value = digit(text[i], upper);
    if (value < 0) return false;
    if (high >= 0) out += static_cast<char>(high << 4 | value);
    high = high < 0 ? value : -1;
  }
  return true;
}

bool unpack_hex(std::string_view bytes, bool dashes, bool upper, std::string& out) {
  if (bytes.size() != 16) return false;
  auto digits = upper ? "0123456789ABCDEF" : kHexDigits;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (dashes && (i == 4 || i == 6 || i == 8 || i == 10)) out += '-';
    out += digits[static_cast<uint8_t>(bytes[i]) >> 4];
    out += digits[bytes[i] & 15];
  }
  return true;
}

}  // namespace

Compact compact_address(std::string_view address, std::string& storage) {
  uint8_t prefix = 0;
  for (size_t i = 1; i < kPrefixes.size(); ++i)
    if (address.starts_with(kPrefixes[i])) prefix = static_cast<uint8_t>(i);
  address.remove_prefix(kPrefixes[prefix].size());
  storage.clear();
  if (address.size() > 3 && base64url_decode(address, storage))
    return {static_cast<uint8_t>(prefix | kPackedFlag), storage};
  return {prefix, address};
}

void expand_address(Compact compact, std::string& out) {
  out += kPrefixes[compact.flags & kPrefixFlags];
  if (compact.flags & kPackedFlag)
    base64url_encode(compact.bytes, out);
  else
    out += compact.bytes;
}

Compact compact_correlation(std::optional<std::string_view> id, bool encoded, std::string& storage) {
  if (!id) return {flag(Form::none), {}};
  if (encoded) return {flag(Form::encoded), *id};
  for (bool upper : {false, true}) {
    storage.clear();
    if (id->size() == 36 && pack_hex(*id, true, upper, storage))
      return {flag(upper ? Form::uuid_upper : Form::uuid_lower), storage};
    storage.clear();
    if (id->size() == 32 && pack_hex(*id, false, upper, storage))
      return {flag(upper ? Form::hex_upper : Form::hex_lower), storage};
  }
  storage.clear();
  if (id->size() > 3 && base64url_decode(*id, storage)) return {flag(Form::base64url), storage};
  return {flag(Form::raw), *id};
}

bool expand_correlation(Compact compact, std::string& out, bool& present) {
  auto form = static_cast<Form>((compact.flags & kCorrelationFlags) >> 5);
  present = form != Form::none;
  switch (form) {
    case Form::none:
      return compact.bytes.empty();
    case Form::raw:
    case Form::encoded:
      out += compact.bytes;
      return true;
    case Form::uuid_lower:
    case Form::uuid_upper:
      return unpack_hex(compact.bytes, true, form == Form::uuid_upper, out);
    case Form::hex_lower:
    case Form::hex_upper:
      return unpack_hex(compact.bytes, false, form == Form::hex_upper, out);
    case Form::base64url:
      base64url_encode(compact.bytes, out);
      return true;
  }
  return false;
}

}  // namespace mombridge::reply
