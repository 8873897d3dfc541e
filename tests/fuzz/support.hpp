#pragma once
// What the fuzz targets share.

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "message/value.hpp"

namespace mombridge::fuzz {

/// Ends the process where something is not as it must be: that is what a fuzzer looks for.
inline void require(bool ok) {
  if (!ok) std::abort();
}

/// Takes pieces off the front of an input. Beyond its end everything is empty or zero.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  uint8_t byte() {
    auto one = take(1);
    return one.empty() ? 0 : static_cast<uint8_t>(one[0]);
  }
  std::string_view take(size_t n) {
    auto piece = rest_.substr(0, n);
    rest_.remove_prefix(piece.size());
    return piece;
  }
  /// What a byte counts.
  std::string_view counted() { return take(byte()); }
  /// Up to the next end of a line, which is taken too.
  std::string_view line() {
    auto piece = take(rest_.find('\n'));
    take(1);
    return piece;
  }
  std::string_view rest() { return take(rest_.size()); }

 private:
  std::string_view rest_;
};

inline bool same(double a, double b) { return (std::isnan(a) && std::isnan(b)) || a == b; }

inline bool same(const Value& a, const Value& b) {
  if (a.kind != b.kind || a.scale != b.scale || a.integer != b.integer || !same(a.real, b.real) || a.text != b.text ||
      a.members.size() != b.members.size())
    return false;
  for (size_t i = 0; i < a.members.size(); ++i)
    if (a.members[i].name != b.members[i].name || !same(a.members[i].value, b.members[i].value)) return false;
  return true;
}

inline bool same(std::span<const Header> a, std::span<const Header> b) {
  Value all_a, all_b;
  all_a.members = a;
  all_b.members = b;
  return same(all_a, all_b);
}

}  // namespace mombridge::fuzz
