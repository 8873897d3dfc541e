#pragma once
// Numbers in network byte order, and a reader of binary forms that others wrote.

#include <concepts>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace mombridge {

/// Between the machine's byte order and the network's, both ways.
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

/// Reads from bytes that belong to somebody else. After the first read beyond the end everything reads as zero or empty
/// and ok() is false.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

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
  /// AMQP's texts: behind one byte, or four, with their size.
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

}  // namespace mombridge
