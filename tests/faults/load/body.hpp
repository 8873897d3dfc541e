#pragma once
// A body that says which message it is and shows whether it came whole: "FLOW SEQ SIZE\n", then bytes that follow from
// SEQ.

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace faults {

struct Id {
  std::string flow;
  uint64_t seq = 0;
};

inline std::string id_text(const std::string& flow, uint64_t seq) { return flow + "-" + std::to_string(seq); }

inline char filler(uint64_t seq, size_t at) { return static_cast<char>('a' + (seq * 7 + at) % 26); }

inline std::string make_body(const std::string& flow, uint64_t seq, uint64_t size) {
  std::string body = flow + " " + std::to_string(seq) + " " + std::to_string(size) + "\n";
  body.reserve(size);
  while (body.size() < size) body += filler(seq, body.size());
  return body;
}

/// False for a body that no sender made, or not all of it.
inline bool read_body(std::string_view body, Id& id) {
  auto end = body.find('\n');
  if (end == std::string_view::npos) return false;
  auto head = body.substr(0, end);
  auto first = head.find(' '), second = head.rfind(' ');
  if (first == std::string_view::npos || first == second) return false;
  uint64_t size = 0;
  id.flow = head.substr(0, first);
  auto seq_text = head.substr(first + 1, second - first - 1), size_text = head.substr(second + 1);
  if (std::from_chars(seq_text.data(), seq_text.data() + seq_text.size(), id.seq).ec != std::errc{}) return false;
  if (std::from_chars(size_text.data(), size_text.data() + size_text.size(), size).ec != std::errc{}) return false;
  if (body.size() != size && size > end + 1) return false;
  for (size_t at = end + 1; at < body.size(); ++at)
    if (body[at] != filler(id.seq, at)) return false;
  return true;
}

}  // namespace faults
