#include "routing/hops.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace mombridge::routing {

namespace {

// FNV-1a: all replicas and versions must come to the same.
class Hash {
 public:
  void add(std::string_view text) {
    for (char c : text) add(c);
    add('\0');
  }
  [[nodiscard]] uint64_t value() const { return value_; }

 private:
  void add(char c) { value_ = (value_ ^ static_cast<unsigned char>(c)) * 0x100000001b3; }
  uint64_t value_ = 0xcbf29ce484222325;
};

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

RouteMark::RouteMark(std::string_view bridge, std::string_view route, std::string_view address) {
  Hash hash;
  for (auto part : {bridge, route, address}) hash.add(part);
  auto bits = hash.value() ^ hash.value() >> 48;  // of 64 bits the text shows 48
  for (auto& c : text_) {
    c = kDigits[bits % kDigits.size()];
    bits /= kDigits.size();
  }
}

Hops::Hops(const Message& message) {
  auto* value = message.find(header::kHops);
  if (!value) return;
  if (!value->is_text()) {
    count_ = static_cast<int>(std::clamp<int64_t>(value->integer, 0, kMaxHops + 1));
    return;
  }
  auto* begin = value->text.data();
  auto* end = begin + value->text.size();
  auto* rest = std::from_chars(begin, end, count_).ptr;
  count_ = std::clamp(count_, 0, kMaxHops + 1);
  if (rest == end || *rest != ' ') return;
  marks_ = std::string_view(rest + 1, end);
  marks_ = marks_.substr(0, marks_.size() - marks_.size() % RouteMark::kSize);
  // More were never written.
  marks_ = marks_.substr(0, RouteMark::kSize * kMaxHops);
}

bool Hops::passed(const RouteMark& mark) const {
  for (size_t at = 0; at < marks_.size(); at += RouteMark::kSize)
    if (marks_.substr(at, RouteMark::kSize) == mark.text()) return true;
  return false;
}

std::string_view Hops::next(Buffer& buffer, const RouteMark* mark) const {
  auto* end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), count_ + 1).ptr;
  if (!mark) return {buffer.data(), end};
  auto marks = marks_;
  if (marks.size() == RouteMark::kSize * kMaxHops) marks.remove_prefix(RouteMark::kSize);
  *end++ = ' ';
  end = std::ranges::copy(marks, end).out;
  end = std::ranges::copy(mark->text(), end).out;
  return {buffer.data(), end};
}

}  // namespace mombridge::routing
