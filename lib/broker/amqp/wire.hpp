#pragma once
// AMQP 0-9-1's frames and primitive types: big-endian numbers, short and long strings. Source: AMQP 0-9-1
// specification, 4.2.

#include <concepts>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <amqp.h>
#include <amqp_framing.h>

#include "base/buffer.hpp"
#include "base/byte_reader.hpp"
#include "message/short_string.hpp"

namespace mombridge::amqp {

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
  void raw(std::string_view s) { out_.append(s); }
  /// At most kLongestShortString bytes: the caller has checked.
  void short_string(std::string_view s) { sized(static_cast<uint8_t>(s.size()), s); }
  void long_string(std::string_view s) { sized(static_cast<uint32_t>(s.size()), s); }
  /// A table's entry with a text, which most headers are, in one step.
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
  /// A frame whose size is known only when it has been written: end_frame() fills the size in.
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

using Reader = ByteReader;

}  // namespace mombridge::amqp
