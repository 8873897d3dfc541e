#pragma once
// AMQP 0-9-1's frames and primitive types: big-endian numbers, short and long strings. Source: AMQP 0-9-1
// specification, 4.2.

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <amqp.h>
#include <amqp_framing.h>

#include "base/buffer.hpp"

namespace mombridge::amqp {

template <std::unsigned_integral N>
constexpr N big_endian(N n) {
  if constexpr (sizeof(N) == 1)
    return n;
  else if constexpr (sizeof(N) == 2)
    return __builtin_bswap16(n);
  else if constexpr (sizeof(N) == 4)
    return __builtin_bswap32(n);
  else
    return __builtin_bswap64(n);
}

inline constexpr size_t kMaxShortString = 255;

/// Appends to a buffer that belongs to the caller.
class Writer {
 public:
  explicit Writer(Buffer& out) : out_(out) {}

  template <std::unsigned_integral N>
  void number(N n) {
    n = big_endian(n);
    std::memcpy(out_.extend(sizeof n), &n, sizeof n);
  }
  void octet(uint8_t n) { *out_.extend(1) = static_cast<char>(n); }
  /// At most 255 bytes: the caller has checked.
  void raw(std::string_view s) { out_.append(s); }
  void short_string(std::string_view s) { sized(static_cast<uint8_t>(s.size()), s); }
  void long_string(std::string_view s) { sized(static_cast<uint32_t>(s.size()), s); }
  /// A table's entry with a text: what most headers are, in one go.
  void text_entry(std::string_view name, std::string_view text) {
    char* at = out_.extend(name.size() + text.size() + 6);
    *at = static_cast<char>(name.size());
    std::memcpy(at + 1, name.data(), name.size());
    at += name.size() + 1;
    auto size = big_endian(static_cast<uint32_t>(text.size()));
    *at = 'S';
    std::memcpy(at + 1, &size, sizeof size);
    if (!text.empty()) std::memcpy(at + 5, text.data(), text.size());
  }
  /// The beginning of a frame with a payload of `size` bytes; after that comes its end mark.
  void frame(uint8_t type, uint16_t channel, size_t size) {
    char* at = out_.extend(sizeof type + sizeof channel + sizeof(uint32_t));
    auto wire_channel = big_endian(channel);
    auto wire_size = big_endian(static_cast<uint32_t>(size));
    *at = static_cast<char>(type);
    std::memcpy(at + 1, &wire_channel, sizeof wire_channel);
    std::memcpy(at + 3, &wire_size, sizeof wire_size);
  }
  /// One whose size is known only when it has been written: end_frame() puts it in.
  [[nodiscard]] size_t begin_frame(uint8_t type, uint16_t channel) {
    frame(type, channel, 0);
    return out_.size();
  }
  void end_frame(size_t begin) {
    end_sized(begin);
    octet(AMQP_FRAME_END);
  }
  /// A 32-bit size that is known only when what it counts has been written.
  [[nodiscard]] size_t begin_sized() {
    number(uint32_t{0});
    return out_.size();
  }
  void end_sized(size_t begin) {
    auto size = big_endian(static_cast<uint32_t>(out_.size() - begin));
    std::memcpy(out_.data() + begin - sizeof size, &size, sizeof size);
  }

 private:
  template <std::unsigned_integral N>
  void sized(N n, std::string_view s) {
    n = big_endian(n);
    char* at = out_.extend(sizeof n + s.size());
    std::memcpy(at, &n, sizeof n);
    if (!s.empty()) std::memcpy(at + sizeof n, s.data(), s.size());
  }

  Buffer& out_;
};

/// Reads from bytes that belong to somebody else. After the first read beyond the end everything reads as zero or empty
/// and ok() is false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] size_t left() const { return rest_.size(); }

  template <std::unsigned_integral N>
  N number() {
    N n{};
    auto bytes = take(sizeof n);
    if (ok_) std::memcpy(&n, bytes.data(), sizeof n);
    return big_endian(n);
  }
  uint8_t octet() { return number<uint8_t>(); }
  std::string_view short_string() { return take(octet()); }
  std::string_view long_string() { return take(number<uint32_t>()); }
  std::string_view take(size_t n) {
    if (!ok_ || n > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    auto bytes = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return bytes;
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace mombridge::amqp
